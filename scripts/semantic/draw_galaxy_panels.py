"""Draw maps of galaxies at every inclination, the discs that the encoder finds, what is left."""

import step

step.begin(snakemake)

from skyloom.figures import semantic_galaxies, style
from skyloom.io import open_hdf5, read_table
from skyloom.semantic import profiles
from skyloom.semantic.sampling import Grid

files = snakemake.input
table = read_table(files.measurements, need=("id", "inclination", "scale", "ellipticity", "angle"))
decoder = profiles.create(table.meta.get("decoder", "exponential"))
names = [one.name for one in decoder.parameters if one.name in table.colnames]
cases = {}
with open_hdf5(files.dataset, need=("images", "id")) as file:
    places = {name: place for place, name in enumerate(file["id"][()].astype(str))}
    width, units = float(file.attrs["width_kpc"]), str(file.attrs["image_units"])
    grid = Grid(**{"pixels": file["images"].shape[1], **table.meta.get("grid", {})})
    for (_, subhalo), rows in semantic_galaxies.typical(table).items():
        made = profiles.evaluate(decoder, {name: table[name][rows] for name in names}, grid)
        cases[f"Subhalo {subhalo}"] = [
            {
                "image": file["images"][places[str(table["id"][row])]][:, :, 0],
                "reconstruction": disc,
                "intensity": float(table["intensity"][row]),
                "text": semantic_galaxies.words(table[row]),
            }
            for row, disc in zip(rows, made, strict=True)
        ]
figure = semantic_galaxies.galaxy_panels(
    cases, width=width, units=units, synthetic=bool(table.meta["synthetic"])
)
style.save(figure, snakemake.output.png, snakemake.output.pdf)
