"""Variants with the same images under two names: known before the run, computed once."""

import copy

import pytest
import yaml

import configuration

with open("config/config.yaml", encoding="utf-8") as file:
    DEMO = yaml.safe_load(file)["tng"]


def with_variants(**more):
    tng = copy.deepcopy(DEMO)
    # Snakemake puts what the command line adds before what the file has.
    tng["variants"] = more | tng["variants"]
    return configuration.same_images(tng)


def test_the_ten_variants_all_differ():
    assert configuration.same_images(DEMO) == {name: name for name in DEMO["variants"]}


@pytest.mark.parametrize(
    ("name", "parameters", "canonical"),
    [
        ("gas", {"channel": "mass", "kind": "channel"}, "mass"),
        ("blurred", {"kind": "gaussian", "sigma": "3 pixel"}, "gaussian_3"),
        ("length", {"kind": "gaussian", "sigma": "2.34375 ckpc/h"}, "gaussian_5"),
        ("spelt_out", {"kind": "unsharp", "sigma": 5.0, "difference": "signed"}, "unsharp_5"),
        ("comoving", {"kind": "gaussian", "sigma": "2.34375 ckpc"}, "comoving"),
        ("physical", {"kind": "gaussian", "sigma": "2.34375 kpc"}, "physical"),
        ("wrapped", {"kind": "unsharp", "sigma": 5, "difference": "wrapped"}, "wrapped"),
        ("softer", {"kind": "composite", "beta": 0.01}, "softer"),
    ],
)
def test_a_variant_is_shared_exactly_where_all_its_parameters_are_the_same(
    name, parameters, canonical
):
    assert with_variants(**{name: parameters})[name] == canonical


def test_two_new_names_share_whichever_comes_first_in_the_alphabet():
    kind = {"kind": "gaussian", "sigma": "1 kpc"}
    shared = with_variants(second=dict(kind), first=dict(kind))
    assert (shared["first"], shared["second"]) == ("first", "first")
