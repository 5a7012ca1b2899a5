"""Pictures of the sizes of NYUD2."""

from PIL import Image

SIZE, MIDDLE = (240, 320), (228, 304)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
