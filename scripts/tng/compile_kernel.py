"""Compile the histogram kernel with the system's C compiler."""

import step

step.begin(snakemake)

from skyloom.kernels import histogram2d

histogram2d.compile_kernel(snakemake.output[0])
