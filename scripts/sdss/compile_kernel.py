"""Compile the kernel that draws spectra with the system's C compiler."""

import step

step.begin(snakemake)

from skyloom.kernels import polyline

polyline.compile_kernel(snakemake.output[0])
