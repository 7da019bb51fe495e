"""What `native` means: settled once by the plan, obeyed or refused by jobs on other machines."""

import pytest

from skyloom.errors import InputError
from skyloom.learn import precision

INTEL = (
    "processor\t: {}\nmodel name\t: Xeon\nflags\t\t: fpu sse2 avx512f {}\nbugs\t\t: spectre_v1\n\n"
)
ARM = "processor\t: {}\nFeatures\t: fp asimd {}\nCPU implementer\t: 0x41\n\n"


def described(tmp_path, form, *cores):
    path = tmp_path / "cpuinfo"
    path.write_text("".join(form.format(number, flags) for number, flags in enumerate(cores)))
    return path


@pytest.mark.parametrize(
    ("form", "cores", "has"),
    [
        (INTEL, ["avx512_bf16", "avx512_bf16"], True),
        (INTEL, ["amx_bf16 amx_tile"], True),
        (INTEL, ["avx512_vnni"], False),
        (INTEL, ["avx512_bf16x"], False),
        (ARM, ["bf16 i8mm"], True),
        (ARM, ["i8mm"], False),
        # Cores of two kinds: a job may land on the lesser ones.
        (ARM, ["bf16", "i8mm"], False),
        # What Arm calls so is nothing that Intel has.
        (INTEL, ["bf16"], False),
        ("processor\t: {}\n", [""], False),
    ],
)
def test_a_processor_has_bfloat16_if_all_its_cores_say_so(tmp_path, form, cores, has):
    assert precision.has_bfloat16(described(tmp_path, form, *cores)) is has


def test_a_machine_that_does_not_describe_its_processor_has_none(tmp_path):
    assert not precision.has_bfloat16(tmp_path / "missing")
    (tmp_path / "bytes").write_bytes(b"flags: \xff\xfe avx2\0")
    assert not precision.has_bfloat16(tmp_path / "bytes")


@pytest.mark.parametrize(("flags", "planned"), [("amx_bf16", "bfloat16"), ("avx2", "float32")])
def test_native_is_what_the_planning_machine_has_and_its_jobs_take_that_over(
    tmp_path, flags, planned
):
    environment = {}
    plan = described(tmp_path, INTEL, flags)
    assert precision.planned("native", environment, plan) == planned
    for other in ("avx512_bf16", "avx2"):
        job = described(tmp_path, INTEL, other)
        assert precision.planned("native", dict(environment), job) == planned


@pytest.mark.parametrize("named", ["float32", "bfloat16"])
def test_what_the_configuration_names_holds_on_any_machine(tmp_path, named):
    environment = {precision.VARIABLE: "bfloat16"}
    assert precision.planned(named, environment, described(tmp_path, INTEL, "amx_bf16")) == named
    precision.check_machine(named, environment, able=False)


def test_a_job_that_lands_where_there_is_no_bfloat16_is_refused(tmp_path):
    environment = {}
    planned = precision.planned("native", environment, described(tmp_path, INTEL, "amx_bf16"))
    precision.check_machine(planned, environment, able=True)
    with pytest.raises(InputError, match=r"tng.backbone.precision is native.*set it to float32"):
        precision.check_machine(planned, environment, able=False)


def test_a_plan_without_bfloat16_is_computed_by_any_machine(tmp_path):
    environment = {}
    planned = precision.planned("native", environment, described(tmp_path, INTEL, "avx2"))
    for able in (True, False):
        precision.check_machine(planned, environment, able=able)
