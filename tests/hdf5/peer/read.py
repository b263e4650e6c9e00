"""Prints what h5py sees of the object in each file, one line of JSON for each."""
import json
import sys

import h5py
import numpy

for path in sys.argv[1:]:
    with h5py.File(path, "r") as file:
        dataset = file["object"]
        values = dataset[()]
        text = {name: value.decode() if isinstance(value, bytes) else value for name, value in dataset.attrs.items()
                if name != "npy_header"}
        if dataset.dtype.kind == "V" and not dataset.dtype.names:
            shown = numpy.asarray(values).tobytes().decode("latin-1")
        else:
            shown = [str(value) for value in numpy.asarray(values).ravel()[:6]]
        print(json.dumps({"dtype": dataset.dtype.str, "shape": list(dataset.shape), "values": shown,
                          "compression": dataset.compression, "fletcher32": dataset.fletcher32,
                          "attributes": {name: str(value) for name, value in sorted(text.items())}}))
