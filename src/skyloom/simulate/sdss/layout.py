"""The columns of the tables in SDSS's spec files, and how rows of them become bytes.

The names and formats are those of real files: SPALL of BOSS and eBOSS (data release 14), SPECOBJ of
SDSS-I and II (data release 7's spectra, as release 12 serves them).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from astropy.io import fits

COADD = "flux:E loglam:E ivar:E and_mask:J or_mask:J wdisp:E sky:E model:E"
SPALL = """
PROGRAMNAME:27A CHUNK:14A PLATEQUALITY:4A PLATESN2:E DEREDSN2:E PRIMTARGET:J SECTARGET:J
LAMBDA_EFF:E BLUEFIBER:J ZOFFSET:E XFOCAL:E YFOCAL:E BOSS_TARGET1:K BOSS_TARGET2:K
ANCILLARY_TARGET1:K ANCILLARY_TARGET2:K EBOSS_TARGET0:K EBOSS_TARGET1:K EBOSS_TARGET2:K
EBOSS_TARGET_ID:K THING_ID_TARGETING:K SPECPRIMARY:B SPECBOSS:B BOSS_SPECOBJ_ID:J NSPECOBS:I
CALIBFLUX:5E CALIBFLUX_IVAR:5E PLATE:J TILE:J MJD:J FIBERID:J RUN2D:7A RUN1D:7A OBJTYPE:16A
PLUG_RA:D PLUG_DEC:D CLASS:6A SUBCLASS:21A Z:E Z_ERR:E RCHI2:E DOF:J RCHI2DIFF:E TFILE:24A
TCOLUMN:10J NPOLY:J THETA:10E VDISP:E VDISP_ERR:E VDISPZ:E VDISPZ_ERR:E VDISPCHI2:E VDISPNPIX:E
VDISPDOF:J WAVEMIN:E WAVEMAX:E WCOVERAGE:E ZWARNING:J SN_MEDIAN:5E SN_MEDIAN_ALL:E CHI68P:E
FRACNSIGMA:10E FRACNSIGHI:10E FRACNSIGLO:10E SPECTROFLUX:5E SPECTROFLUX_IVAR:5E SPECTROSYNFLUX:5E
SPECTROSYNFLUX_IVAR:5E SPECTROSKYFLUX:5E ANYANDMASK:J ANYORMASK:J SPEC1_G:E SPEC1_R:E SPEC1_I:E
SPEC2_G:E SPEC2_R:E SPEC2_I:E ELODIE_FILENAME:16A ELODIE_OBJECT:9A ELODIE_SPTYPE:12A ELODIE_BV:E
ELODIE_TEFF:E ELODIE_LOGG:E ELODIE_FEH:E ELODIE_Z:E ELODIE_Z_ERR:E ELODIE_Z_MODELERR:E
ELODIE_RCHI2:E ELODIE_DOF:J Z_NOQSO:E Z_ERR_NOQSO:E ZNUM_NOQSO:J ZWARNING_NOQSO:J CLASS_NOQSO:6A
SUBCLASS_NOQSO:21A RCHI2DIFF_NOQSO:E VDISP_LNL:35E SPECOBJID:K OBJID:19A PARENTID:19A FIELDID:19A
SKYVERSION:B MODE:B CLEAN:B RUN:I RERUN:3A CAMCOL:B FIELD:I ID:I PARENT:I NCHILD:I OBJC_TYPE:J
OBJC_PROB_PSF:E OBJC_FLAGS:J OBJC_FLAGS2:J OBJC_ROWC:E OBJC_ROWCERR:E OBJC_COLC:E OBJC_COLCERR:E
ROWVDEG:E ROWVDEGERR:E COLVDEG:E COLVDEGERR:E ROWC:5E ROWCERR:5E COLC:5E COLCERR:5E PETROTHETA:5E
PETROTHETAERR:5E PETROTH50:5E PETROTH50ERR:5E PETROTH90:5E PETROTH90ERR:5E Q:5E QERR:5E U:5E UERR:5E
M_E1:5E M_E2:5E M_E1E1ERR:5E M_E1E2ERR:5E M_E2E2ERR:5E M_RR_CC:5E M_RR_CCERR:5E M_CR4:5E M_E1_PSF:5E
M_E2_PSF:5E M_RR_CC_PSF:5E M_CR4_PSF:5E THETA_DEV:5E THETA_DEVERR:5E AB_DEV:5E AB_DEVERR:5E
THETA_EXP:5E THETA_EXPERR:5E AB_EXP:5E AB_EXPERR:5E FRACDEV:5E FLAGS:5J FLAGS2:5J TYPE:5J
PROB_PSF:5E NPROF:5J PROFMEAN_NMGY:75E PROFERR_NMGY:75E STAR_LNL:5E EXP_LNL:5E DEV_LNL:5E
PSP_STATUS:5J PIXSCALE:5E RA:D DEC:D CX:D CY:D CZ:D RAERR:D DECERR:D L:D B:D OFFSETRA:5E
OFFSETDEC:5E PSF_FWHM:5E AIRMASS:5E PHI_OFFSET:5E PHI_DEV_DEG:5E PHI_EXP_DEG:5E EXTINCTION:5E
SKYFLUX:5E SKYFLUX_IVAR:5E PSFFLUX:5E PSFFLUX_IVAR:5E PSFMAG:5E PSFMAGERR:5E FIBERFLUX:5E
FIBERFLUX_IVAR:5E FIBERMAG:5E FIBERMAGERR:5E FIBER2FLUX:5E FIBER2FLUX_IVAR:5E FIBER2MAG:5E
FIBER2MAGERR:5E CMODELFLUX:5E CMODELFLUX_IVAR:5E CMODELMAG:5E CMODELMAGERR:5E MODELFLUX:5E
MODELFLUX_IVAR:5E MODELMAG:5E MODELMAGERR:5E PETROFLUX:5E PETROFLUX_IVAR:5E PETROMAG:5E
PETROMAGERR:5E DEVFLUX:5E DEVFLUX_IVAR:5E DEVMAG:5E DEVMAGERR:5E EXPFLUX:5E EXPFLUX_IVAR:5E
EXPMAG:5E EXPMAGERR:5E APERFLUX:40E APERFLUX_IVAR:40E CLOUDCAM:5J CALIB_STATUS:5J NMGYPERCOUNT:5E
NMGYPERCOUNT_IVAR:5E TAI:5D RESOLVE_STATUS:J THING_ID:J IFIELD:J BALKAN_ID:J NOBSERVE:J NDETECT:J
NEDGE:J SCORE:E
"""
SPECOBJ = """
SURVEY:6A INSTRUMENT:4A CHUNK:16A PROGRAMNAME:23A PLATERUN:16A PLATEQUALITY:8A PLATESN2:E DEREDSN2:E
LAMBDA_EFF:E BLUEFIBER:J ZOFFSET:E SNTURNOFF:E NTURNOFF:J SPECPRIMARY:B SPECLEGACY:B SPECSEGUE:B
SPECSEGUE1:B SPECSEGUE2:B SPECBOSS:B BOSS_SPECOBJ_ID:J SPECOBJID:22A FLUXOBJID:19A BESTOBJID:19A
TARGETOBJID:22A PLATEID:19A NSPECOBS:I FIRSTRELEASE:3A RUN2D:3A RUN1D:1A DESIGNID:J CX:D CY:D CZ:D
XFOCAL:E YFOCAL:E SOURCETYPE:19A TARGETTYPE:8A PRIMTARGET:J SECTARGET:J LEGACY_TARGET1:J
LEGACY_TARGET2:J SPECIAL_TARGET1:K SPECIAL_TARGET2:K SEGUE1_TARGET1:J SEGUE1_TARGET2:J
SEGUE2_TARGET1:J SEGUE2_TARGET2:J MARVELS_TARGET1:J MARVELS_TARGET2:J BOSS_TARGET1:K BOSS_TARGET2:K
ANCILLARY_TARGET1:K ANCILLARY_TARGET2:K SPECTROGRAPHID:I PLATE:J TILE:J MJD:J FIBERID:J OBJID:5J
PLUG_RA:D PLUG_DEC:D CLASS:6A SUBCLASS:21A Z:E Z_ERR:E RCHI2:E DOF:J RCHI2DIFF:E TFILE:24A
TCOLUMN:10J NPOLY:J THETA:10E VDISP:E VDISP_ERR:E VDISPZ:E VDISPZ_ERR:E VDISPCHI2:E VDISPNPIX:E
VDISPDOF:J WAVEMIN:E WAVEMAX:E WCOVERAGE:E ZWARNING:J SN_MEDIAN_ALL:E SN_MEDIAN:5E CHI68P:E
FRACNSIGMA:10E FRACNSIGHI:10E FRACNSIGLO:10E SPECTROFLUX:5E SPECTROFLUX_IVAR:5E SPECTROSYNFLUX:5E
SPECTROSYNFLUX_IVAR:5E SPECTROSKYFLUX:5E ANYANDMASK:J ANYORMASK:J SPEC1_G:E SPEC1_R:E SPEC1_I:E
SPEC2_G:E SPEC2_R:E SPEC2_I:E ELODIE_FILENAME:25A ELODIE_OBJECT:21A ELODIE_SPTYPE:10A ELODIE_BV:E
ELODIE_TEFF:E ELODIE_LOGG:E ELODIE_FEH:E ELODIE_Z:E ELODIE_Z_ERR:E ELODIE_Z_MODELERR:E
ELODIE_RCHI2:E ELODIE_DOF:J Z_NOQSO:E Z_ERR_NOQSO:E ZWARNING_NOQSO:J CLASS_NOQSO:1A
SUBCLASS_NOQSO:1A RCHI2DIFF_NOQSO:E Z_PERSON:E CLASS_PERSON:J Z_CONF_PERSON:J COMMENTS_PERSON:1A
CALIBFLUX:5E CALIBFLUX_IVAR:5E
"""
#: Of the catalogue spAll: the columns of SPALL that say something of a synthetic object.
CATALOGUE = " ".join(
    column
    for column in SPALL.split()
    if column.split(":")[0]
    in {
        *("PLATE", "MJD", "FIBERID", "OBJTYPE", "PLUG_RA", "PLUG_DEC", "RA", "DEC", "THING_ID"),
        *("CLASS", "SUBCLASS", "Z", "Z_ERR", "ZWARNING", "SN_MEDIAN_ALL", "SN_MEDIAN", "RUN2D"),
        *("OBJID", "SPECPRIMARY", "NSPECOBS", "PLATEQUALITY", "PROGRAMNAME", "WAVEMIN", "WAVEMAX"),
        *("ANYANDMASK", "ANYORMASK", "SPECBOSS", "RUN1D", "SURVEY", "INSTRUMENT"),
    }
)
# Arrays of two dimensions, as TDIM writes them.
_SHAPES = {
    **dict.fromkeys(("PROFMEAN_NMGY", "PROFERR_NMGY"), "( 15, 5)"),
    **dict.fromkeys(("APERFLUX", "APERFLUX_IVAR"), "( 8, 5)"),
}
_CODES = {"E": ">f4", "D": ">f8", "J": ">i4", "K": ">i8", "I": ">i2", "B": "u1"}


@cache
def dtype(columns):
    """The structured type of a table's rows, big-endian as FITS has them.

    Parameters
    ----------
    columns : str
        Names and formats, such as `COADD`.
    """
    fields = []
    for column in columns.split():
        name, form = column.split(":")
        count, code = int(form[:-1] or 1), form[-1]
        if code == "A":
            fields.append((name, f"S{count}"))
        else:
            fields.append((name, _CODES[code], *([(count,)] if count > 1 else [])))
    return np.dtype(fields)


@cache
def table_header(columns, name, rows, comment):
    """Header of a table, as bytes that fill whole blocks.

    Parameters
    ----------
    columns : str
    name : str
        EXTNAME.
    rows : int
    comment : str
    """
    cards = [
        ("XTENSION", "BINTABLE", "binary table extension"),
        ("BITPIX", 8, "array data type"),
        ("NAXIS", 2, "number of array dimensions"),
        ("NAXIS1", dtype(columns).itemsize, "length of dimension 1"),
        ("NAXIS2", rows, "length of dimension 2"),
        ("PCOUNT", 0, "number of group parameters"),
        ("GCOUNT", 1, "number of groups"),
        ("TFIELDS", len(columns.split()), "number of table fields"),
    ]
    for number, column in enumerate(columns.split(), 1):
        title, form = column.split(":")
        cards += [(f"TTYPE{number}", title), (f"TFORM{number}", form)]
        if title == "SPECOBJID" and form == "K":
            # FITS has no unsigned integers: they are stored from the middle of their range.
            cards += [(f"TSCAL{number}", 1), (f"TZERO{number}", 1 << 63)]
    cards += [
        (f"TDIM{number}", _SHAPES[title])
        for number, title in enumerate(dtype(columns).names, 1)
        if title in _SHAPES
    ]
    cards += [("EXTNAME", name, "extension name"), ("COMMENT", comment)]
    return header_bytes(cards)


def header_bytes(cards):
    """Cards (keyword, value[, comment]) as a FITS header of whole blocks."""
    text = "".join(fits.Card(*card).image for card in cards) + "END".ljust(80)
    return text.encode("ascii").ljust(-(-len(text) // 2880) * 2880)


def table_bytes(rows: np.ndarray, columns: str, name: str, comment: str):
    """A table as a FITS extension.

    Parameters
    ----------
    rows : structured array
        Of `dtype(columns)`.
    columns, name, comment : str
        As for `table_header`.
    """
    # NumPy turns rows into the machine's byte order when it joins them.
    data = np.asarray(rows, dtype(columns)).tobytes()
    return table_header(columns, name, len(rows), comment) + data.ljust(
        -(-len(data) // 2880) * 2880, b"\0"
    )


def row(columns, values):
    """One row; what `values` does not give is 0 or empty, and what is no column is left out."""
    made = np.zeros(1, dtype(columns))
    for name, value in values.items():
        if name in made.dtype.names:
            made[name] = value
    return made
