import numpy as np
import pytest

from minigrad.dataset import UnreadableFile
from models.image_folder import ImageFolder, find_images, read_image

Image = pytest.importorskip('PIL.Image', reason='Pillow is not installed')


def draw(path, size=(12, 10), colour=(255, 0, 0), mode='RGB'):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


@pytest.fixture
def folder(tmp_path):
    for name, colour in (('cat', (255, 0, 0)), ('dog', (0, 0, 255))):
        for i in range(20):
            draw(tmp_path / name / f'{i:02}.png', colour=colour)
    (tmp_path / 'notes.txt').write_text('not an image')
    (tmp_path / '.hidden').mkdir()
    return tmp_path


def test_every_tenth_image_is_for_testing(folder):
    split = find_images(folder)
    assert split.classes == ['cat', 'dog']
    assert split.test[1] == [
        ('cat/09.png', 0),
        ('cat/19.png', 0),
        ('dog/09.png', 1),
        ('dog/19.png', 1),
    ]
    assert len(split.train[1]) == 36
    assert not set(split.train[1]) & set(split.test[1])


@pytest.mark.parametrize('test_name', ['test', 'val', 'validation'])
def test_train_and_test_folders(tmp_path, test_name):
    draw(tmp_path / 'train/a/1.png')
    draw(tmp_path / 'train/b/1.jpg')
    draw(tmp_path / f'{test_name}/b/deeper/2.PNG')
    split = find_images(tmp_path)
    assert split.train == (tmp_path / 'train', [('a/1.png', 0), ('b/1.jpg', 1)])
    assert split.test == (tmp_path / test_name, [('b/deeper/2.PNG', 1)])


def test_unknown_class_in_test(tmp_path):
    for name in ('train/a', 'train/b', 'test/c', 'test/a'):
        draw(tmp_path / name / '1.png')
    with pytest.raises(ValueError, match=r'no class in .*train is called c'):
        find_images(tmp_path)


def test_no_classes(tmp_path):
    draw(tmp_path / '1.png')
    with pytest.raises(ValueError, match='expected a folder of images for each'):
        find_images(tmp_path)
    with pytest.raises(FileNotFoundError, match='no such folder, nor a dataset'):
        find_images(tmp_path / 'none')


def test_images_are_read_when_asked_for(folder):
    split = find_images(folder)
    dataset = ImageFolder(*split.train, short_side=8)
    image, label = dataset[20]
    assert image.shape == (3, 8, 10)  # shrunk to its shorter side
    assert image.dtype == np.float32
    assert label == 1
    np.testing.assert_allclose(image[:, 4, 4], [0, 0, 1])


@pytest.mark.parametrize('mode', ['L', 'P', 'RGBA', 'CMYK', '1'])
def test_every_mode_becomes_three_channels(tmp_path, mode):
    path = tmp_path / ('a.tif' if mode == 'CMYK' else 'a.png')
    draw(path, colour=0, mode=mode)
    assert read_image(str(path), 100).shape == (3, 10, 12)


def test_damaged_image_is_named(tmp_path):
    path = tmp_path / 'broken.jpg'
    path.write_bytes(b'\xff\xd8\xff nothing')
    with pytest.raises(OSError, match=r'broken\.jpg: cannot be read'):
        read_image(str(path), 8)


@pytest.mark.parametrize('short_side', [5, 100])
def test_photographs_stand_upright(tmp_path, short_side):
    image = Image.new('RGB', (40, 20))
    image.paste((255, 255, 255), (0, 0, 20, 20))  # the left half is white
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned clockwise: left becomes top
    image.save(tmp_path / 'a.jpg', exif=exif, quality=95)
    pixels = read_image(str(tmp_path / 'a.jpg'), short_side)
    height, width = pixels.shape[1:]
    assert height == 2 * width
    assert pixels[:, : height // 4].min() > 0.9
    assert pixels[:, -height // 4 :].max() < 0.1


def test_unreadable_images_are_passed_over_if_asked(folder):
    (folder / 'cat' / '01.png').write_bytes(b'broken')
    examples = [('cat/00.png', 0), ('cat/01.png', 0), ('dog/00.png', 1)]
    dataset = ImageFolder(folder, examples, 8)
    with pytest.raises(UnreadableFile, match=r'01\.png: cannot be read') as error:
        dataset[1]
    assert '--skip-unreadable' in str(error.value)
    dataset = ImageFolder(folder, examples, 8, skip_unreadable=True)
    with pytest.warns(UserWarning, match=r'passed over: .*01\.png'):
        assert dataset[1][1] == 1
    (folder / 'cat' / '00.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'00\.png'):
        dataset[0]
