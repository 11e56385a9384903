from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile

from app.adapters.imaging.barcodes import read_barcodes
from app.adapters.imaging.quality import measure
from app.adapters.imaging.slide_maker import SlideSpec, make_slide
from app.domain.quality import QualityLimits, Verdict, judge


@pytest.fixture(scope="module")
def slide_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "made.svs"
    make_slide(path, SlideSpec(seed=7, barcode="S24-003001-A2-2", label_text=("H&E", "2024-03-08")))
    return path


def test_openslide_reads_it_as_aperio(slide_path: Path) -> None:
    with openslide.OpenSlide(slide_path) as slide:
        assert slide.properties["openslide.vendor"] == "aperio"
        assert slide.properties["aperio.AppMag"] == "20"
        assert float(slide.properties["openslide.mpp-x"]) == pytest.approx(0.499)
        assert slide.level_dimensions == ((4096, 3072), (1024, 768))
        assert set(slide.associated_images) == {"label", "macro", "thumbnail"}
        assert slide.associated_images["thumbnail"].size == (1024, 768)


def test_tifffile_reads_it_as_svs(slide_path: Path) -> None:
    with tifffile.TiffFile(slide_path) as tiff:
        assert tiff.is_svs
        assert [series.name for series in tiff.series] == ["Baseline", "Thumbnail", "Label", "Macro"]
        assert [page.subfiletype for page in tiff.pages] == [0, 0, 0, 1, 9]


def test_levels_and_thumbnail_show_the_same_picture(slide_path: Path) -> None:
    with openslide.OpenSlide(slide_path) as slide:
        full = slide.read_region((0, 0), 0, slide.dimensions).convert("RGB").resize((1024, 768))
        lower = slide.read_region((0, 0), 1, (1024, 768)).convert("RGB")
        thumbnail = slide.associated_images["thumbnail"].convert("RGB")
    for picture in (lower, thumbnail):
        difference = np.abs(np.asarray(full).astype(int) - np.asarray(picture))
        assert difference.mean() < 6.0


def test_tissue_lies_on_white_glass(slide_path: Path) -> None:
    numbers, _ = measure(slide_path, with_map=False)
    assert numbers.tissue_percent is not None
    assert 15.0 < numbers.tissue_percent < 70.0
    with openslide.OpenSlide(slide_path) as slide:
        edge = np.asarray(slide.read_region((0, 0), 0, (4096, 16)).convert("RGB"))
    assert edge.min() > 230


@pytest.mark.parametrize("symbology", ["DataMatrix", "Code128", "QRCode"])
@pytest.mark.parametrize("readable", [True, False])
def test_labels(tmp_path: Path, symbology: str, readable: bool) -> None:
    path = tmp_path / "label.svs"
    spec = SlideSpec(width=640, height=512, seed=3, barcode="S24-003001-A2-2", symbology=symbology, readable=readable)
    make_slide(path, spec)
    with openslide.OpenSlide(path) as slide:
        found = read_barcodes(slide.associated_images["label"])
        if not readable:
            assert read_barcodes(slide.associated_images["macro"]) == ()
    assert found == ((("S24-003001-A2-2", symbology),) if readable else ())


def test_a_label_without_a_symbol(tmp_path: Path) -> None:
    make_slide(tmp_path / "text.svs", SlideSpec(width=640, height=512, label_text=("S24-1", "H&E")))
    with openslide.OpenSlide(tmp_path / "text.svs") as slide:
        label = slide.associated_images["label"]
        assert read_barcodes(label) == ()
        assert np.asarray(label.convert("L"))[40:200, 40:400].min() < 80


@pytest.mark.parametrize(("sigma", "verdict"), [(0.0, Verdict.PASS), (4.0, Verdict.REVIEW), (32.0, Verdict.RESCAN)])
@pytest.mark.parametrize("seed", [1, 2])
def test_made_slides_get_the_verdict_they_are_made_for(
    tmp_path: Path, seed: int, sigma: float, verdict: Verdict
) -> None:
    make_slide(tmp_path / "made.svs", SlideSpec(width=3072, height=2048, seed=seed, blur_sigma=sigma))
    numbers, _ = measure(tmp_path / "made.svs", with_map=False)
    assert numbers.blurry_percent is not None
    assert numbers.focus is not None
    assert judge(numbers, QualityLimits()).verdict is verdict
    if not sigma:
        assert numbers.blurry_percent < 4.0
        assert numbers.focus < 0.22


def test_equal_specs_give_equal_files_and_other_seeds_other_ones(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make_slide(tmp_path / name, SlideSpec(width=640, height=512, seed=seed, barcode="S24-1"))
    first, second, third = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second
    assert first != third


@pytest.mark.parametrize("size", [(300, 5000), (2049, 300), (100, 90), (4097, 1000)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    make_slide(tmp_path / "odd.svs", SlideSpec(width=size[0], height=size[1]))
    with openslide.OpenSlide(tmp_path / "odd.svs") as slide:
        assert slide.dimensions == size
        for level, dimensions in enumerate(slide.level_dimensions):
            slide.read_region((0, 0), level, dimensions)


def test_three_levels_from_6000_pixels_up(tmp_path: Path) -> None:
    make_slide(tmp_path / "large.svs", SlideSpec(width=6144, height=4096, jpeg_quality=60))
    with openslide.OpenSlide(tmp_path / "large.svs") as slide:
        assert slide.level_dimensions == ((6144, 4096), (1536, 1024), (384, 256))
        numbers, _ = measure(tmp_path / "large.svs", with_map=False)
    assert judge(numbers, QualityLimits()).verdict is Verdict.PASS
