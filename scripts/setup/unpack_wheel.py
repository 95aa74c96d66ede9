"""Unpacks from the tensorflow-cpu wheel what tfjs-node's binding needs: unpack_wheel.py WHEEL FOLDER."""

import os
import sys
import zipfile

wheel, folder = sys.argv[1:]
libraries = ("tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
headers = tuple(
    f"tensorflow/include/{part}/" for part in ("tensorflow/c", "tensorflow/core/platform", "xla/tsl/c", "tsl")
)
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if member.filename in libraries or member.filename.startswith(headers):
            archive.extract(member, folder)
os.makedirs(os.path.join(folder, "lib"))
for library in libraries:
    os.rename(os.path.join(folder, library), os.path.join(folder, "lib", os.path.basename(library)))
os.rename(os.path.join(folder, "tensorflow", "include"), os.path.join(folder, "include"))
