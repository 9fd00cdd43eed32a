"""On a machine with a card and without network: python3 unpack.py, in the folder that all parts were copied to.

Joins the parts, unpacks them beside itself, and leaves env.sh, to be sourced by what runs Basil there:
    . ./env.sh && cd project && node src-main/cli.ts bench --card --python "$(command -v python3)"
CUDA's libraries are the machine's own (PyTorch's nvidia packages), under the names TensorFlow asks for where these are
another version's. NVIDIA's Vulkan driver needs libX11 and libglvnd, even where nothing is drawn: they came along.
"""
import glob
import io
import os
import subprocess
import tarfile

here = os.path.dirname(os.path.abspath(__file__))


class Joined(io.RawIOBase):
    """The parts, one behind the other."""

    def __init__(self, paths):
        self.files = iter(paths)
        self.file = open(next(self.files), "rb")

    def readable(self):
        return True

    def readinto(self, into):
        count = self.file.readinto(into)
        while count == 0:
            path = next(self.files, None)
            if path is None:
                return 0
            self.file.close()
            self.file = open(path, "rb")
            count = self.file.readinto(into)
        return count


def first(*patterns):
    return next((path for pattern in patterns for path in sorted(glob.glob(pattern, recursive=True))), None)


def nvidia():
    """The folder of PyTorch's nvidia packages."""
    try:
        import nvidia as found
    except ImportError:
        return None
    return list(found.__path__)[0]


def link_cuda(into):
    """CUDA 12's names for what is there, and every folder that holds some of it."""
    root = nvidia()
    if not root:
        return []
    os.makedirs(into, exist_ok=True)
    asked = {"libcublas.so.12": "libcublas.so.1*", "libcublasLt.so.12": "libcublasLt.so.1*", "libcufft.so.11": "libcufft.so.1*",
             "libcusolver.so.11": "libcusolver.so.1*", "libcusparse.so.12": "libcusparse.so.1*", "libcudnn.so.9": "libcudnn.so.9",
             "libcudart.so.12": "libcudart.so.12"}
    folders = []
    for name, pattern in asked.items():
        found = first(f"{root}/**/{pattern}")
        if found and not os.path.lexists(f"{into}/{name}"):
            os.symlink(found, f"{into}/{name}")
            folders.append(os.path.dirname(found))
    return [into, *dict.fromkeys(folders)]


def main():
    parts = sorted(glob.glob(f"{here}/basil.[0-9][0-9]"))
    with tarfile.open(fileobj=io.BufferedReader(Joined(parts), 2**20), mode="r|xz") as archive:
        archive.extractall(here)
    for deb in glob.glob(f"{here}/debs/*.deb"):
        subprocess.run(["dpkg", "-x", deb, f"{here}/gl"], check=True)
    triple = "x86_64-linux-gnu"
    libraries = [f"{here}/gl/usr/lib/{triple}", f"{here}/gl/lib/{triple}", "/usr/local/nvidia/lib64", "/usr/local/nvidia/lib"]
    said = [f"export PATH={here}/bin:$PATH BASIL_HOME={here}/home TF_CPP_MIN_LOG_LEVEL=3"]
    addon = first(f"{here}/engine/binding/*.node")
    if addon:
        said.append(f"export BASIL_ADDON={addon}")
        libraries = [f"{here}/engine/cuda", *link_cuda(f"{here}/engine/cuda"), f"{here}/engine/tensorflow", *libraries]
    driver = first("/usr/local/nvidia/share/vulkan/icd.d/*.json", "/usr/share/vulkan/icd.d/nvidia*.json", "/etc/vulkan/icd.d/nvidia*.json")
    if driver:
        said.append(f"export VK_DRIVER_FILES={driver}")
    said.append(f"export LD_LIBRARY_PATH={':'.join(dict.fromkeys(libraries))}")
    with open(f"{here}/env.sh", "w") as file:
        file.write("\n".join(said) + "\n")
    print("unpacked")


main()
