"""Makes the files of this folder with h5py: one for each way in which HDF5 stores groups, attributes and numbers.

    pip install h5py && python make.py

They are zeros for the most part, so files.zip has them. expected.json has what h5py reads from each file: attributes of groups by path, datasets by path as shape and values.
`refused` names datasets that have no numbers for us, with a word of the message.
"""

import json
import os
import tempfile
import zipfile

import h5py
import numpy as np

CASES = {}


def case(**options):
    """Registers a function that fills a file, opened with these options."""

    def register(fill):
        CASES[fill.__name__.replace("_", "-")] = (fill, options)
        return fill

    return register


def numbers(*shape, dtype="f4"):
    """Numbers that every type of float holds exactly, in few digits."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 37 % 101 - 50) / 8).reshape(shape).astype(dtype)


def types(file):
    for dtype in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i2", ">i2", "<i4", "<i8", ">i8"]:
        file.create_dataset(dtype, data=numbers(2, 3, dtype=dtype))
    # As Keras writes bfloat16: the upper halves of float32.
    halves = (numbers(2, 3).view("u4") >> 16).astype("<u2")
    file.create_dataset("bfloat16", data=halves.view("V2")).attrs["dtype"] = "bfloat16"
    file.create_dataset("scalar", data=np.float32(2.5))
    file.create_dataset("empty", shape=(0, 3), dtype="f4")
    file.create_dataset("never written", shape=(3, 2), dtype="f4")
    file.create_dataset("fill value", shape=(2, 2), dtype="f4", fillvalue=0.5)


def attributes(file):
    file.attrs["text"] = "λ = θ"
    file.attrs["fixed"] = np.bytes_("ascii")
    file.attrs["texts"] = ["kernel:0", "bias:0", ""]
    file.attrs["fixed texts"] = np.array([b"lmu", b"dense_1"])
    file.attrs["no texts"] = []
    file.attrs["number"] = 3
    file.attrs["float"] = np.float32(0.25)
    file.attrs["numbers"] = numbers(2, 2)
    file.attrs["left out"] = h5py.Empty("f4")
    file.attrs["also left out"] = np.array([(1, 2)], dtype=[("a", "i4"), ("b", "f4")])


def many(count):
    def fill(file):
        for i in range(count):
            file[f"member {i}"] = np.float32(i)
        file["nested/groups/of\\many/levels/x"] = numbers(3)
        file["soft"] = h5py.SoftLink("/nested/groups")
        file["hard"] = file["nested"]
        file["dangling"] = h5py.SoftLink("/nowhere")

    return fill


@case(libver="earliest")
def earliest(file):
    types(file)
    attributes(file)
    many(40)(file)


@case(libver="latest")
def latest(file):
    types(file)
    attributes(file)
    many(40)(file)


@case(libver=("v108", "v108"), track_order=True)
def track_order(file):
    attributes(file)
    many(9)(file)


@case(libver="latest")
def large_attribute(file):
    """Beyond what the blocks of a fractal heap hold."""
    file.attrs["model_config"] = np.bytes_('{"layers": [' + "0, " * 2000 + "0]}")
    for i in range(9):
        file.attrs[f"a{i}"] = i


def chunked(file, **more):
    packed = dict(compression="gzip", shuffle=True, fletcher32=True)
    for name, options in {"plain": {}, "packed": packed, "deflate": dict(compression="gzip")}.items():
        file.create_dataset(name, data=numbers(7, 5), chunks=(3, 2), **options, **more)


@case(libver="earliest")
def chunks_earliest(file):
    """B-trees of version 1."""
    chunked(file)
    part = file.create_dataset("partly written", shape=(9, 4), chunks=(2, 3), dtype="f4", fillvalue=-1)
    part[2:4, 3:4] = 7
    file.create_dataset("three axes", data=numbers(3, 4, 5, dtype=">f4"), chunks=(2, 3, 2))


@case(libver="latest")
def chunks_fixed_array(file):
    chunked(file)
    file.create_dataset("single", data=numbers(3, 2), chunks=(3, 2))
    file.create_dataset("single packed", data=numbers(30, 4), chunks=(30, 4), compression="gzip", fletcher32=True)
    file.create_dataset("may grow", data=numbers(3, 5), chunks=(2, 2), maxshape=(8, 9))
    early(file, "implicit", numbers(5, 4), (2, 3))
    file.create_dataset("pages", data=numbers(1100, dtype="i1"), chunks=(1,))
    file.create_dataset("few pages", shape=(2100,), chunks=(1,), dtype="i1")[1500] = 1


@case(libver="latest")
def chunks_extensible_array(file):
    chunked(file, maxshape=(7, None))
    file.create_dataset("long", data=numbers(150), chunks=(1,), maxshape=(None,))
    shrunk = file.create_dataset("shrunk", data=numbers(6, 6), chunks=(2, 2), maxshape=(None, 6))
    shrunk.resize((3, 6))


@case(libver="latest")
def chunks_b_tree(file):
    chunked(file, maxshape=(None, None))


@case(sizes=(4, 4))
def short_addresses(file):
    attributes(file)
    many(3)(file)
    chunked(file)


@case(libver="latest")
def compact(file):
    low_level(file, "compact", numbers(2, 3), h5py.h5d.COMPACT)


@case(libver="earliest")
def refused(file):
    low_level(file, "bias", numbers(2), h5py.h5d.CONTIGUOUS, odd_float(bias=125))
    low_level(file, "mantissa", numbers(2), h5py.h5d.CONTIGUOUS, odd_float(fields=(31, 22, 9, 0, 22)))
    file.create_dataset("u4", data=np.uint32([1, 2]))
    file.create_dataset("text", data="words")
    file.create_dataset("pair", data=np.array([(1, 2)], dtype=[("a", "i4"), ("b", "f4")]))
    file.create_dataset("lzf", data=numbers(4, 4), chunks=(4, 4), compression="lzf")
    file.create_dataset("nbit", data=np.uint8([1, 2]), chunks=(2,), scaleoffset=2)
    file.create_dataset("elsewhere", shape=(2,), dtype="f4", external=[("x.raw", 0, 8)])
    file.create_dataset("null", data=h5py.Empty("f4"))
    layout = h5py.VirtualLayout(shape=(2,), dtype="f4")
    layout[...] = h5py.VirtualSource("x.h5", "x", shape=(2,))
    file.create_virtual_dataset("virtual", layout)


REFUSED = {
    "bias": "bias 125",
    "mantissa": "mantissa 22",
    "u4": "u32",
    "text": "texts",
    "pair": "compounds",
    "lzf": "lzf",
    "nbit": "scale-offset",
    "elsewhere": "another file",
    "null": "no value",
    "virtual": "virtual",
}


def odd_float(bias=127, fields=(31, 23, 8, 0, 23)):
    odd = h5py.h5t.IEEE_F32LE.copy()
    odd.set_fields(*fields)
    odd.set_ebias(bias)
    return odd


def low_level(file, name, data, layout, dtype=h5py.h5t.IEEE_F32LE):
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    options.set_layout(layout)
    space = h5py.h5s.create_simple(data.shape)
    h5py.h5d.create(file.id, name.encode(), dtype, space, options).write(h5py.h5s.ALL, h5py.h5s.ALL, data)


def early(file, name, data, chunks):
    """Chunks whose place is allotted beforehand need no index."""
    options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    options.set_chunk(chunks)
    options.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple(data.shape)
    h5py.h5d.create(file.id, name.encode(), h5py.h5t.IEEE_F32LE, space, options).write(
        h5py.h5s.ALL, h5py.h5s.ALL, data
    )


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return [plain(one) for one in value.reshape(-1).tolist()]
    return value.item() if isinstance(value, np.generic) else value


def values_of(dataset):
    values = np.array(dataset[()])
    if dataset.attrs.get("dtype") != "bfloat16":
        return values
    return (values.view("u2").astype("u4") << 16).view("f4")


def described(path):
    """What h5py reads from a file."""
    groups, datasets, refusals = {}, {}, {}

    def walk(group, at):
        kept = {k: v for k, v in group.attrs.items() if "left out" not in k}
        groups[at or "/"] = {k: plain(v) for k, v in kept.items()}
        for name in group:
            child = group.get(name)
            if isinstance(child, h5py.Group):
                walk(child, f"{at}/{name}")
            elif child is not None and name in REFUSED:
                refusals[f"{at}/{name}"] = REFUSED[name]
            elif child is not None:
                datasets[f"{at}/{name}"] = {"shape": list(child.shape), "values": plain(values_of(child))}

    with h5py.File(path) as file:
        walk(file, "")
    return {"groups": groups, "datasets": datasets, "refused": refusals}


def opened(path, sizes=None, **options):
    """A new file; sizes are the bytes of addresses and lengths."""
    if sizes is None:
        return h5py.File(path, "w", **options)
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_sizes(*sizes)
    return h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, creation))


def make(folder, archive):
    expected = {}
    for name, (fill, options) in CASES.items():
        path = os.path.join(folder, f"{name}.h5")
        with opened(path, **options) as file:
            fill(file)
        expected[name] = described(path)
        archive.write(path, f"{name}.h5")
    return expected


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile("files.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            expected = make(folder, archive)
    with open("expected.json", "w") as out:
        json.dump(expected, out, ensure_ascii=False, separators=(",", ":"))
