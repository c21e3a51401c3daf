"""Libraries that belong to the drivers of a host.

They fit its kernel and its devices, so one that was copied from another host is worse
than none: they are never shipped, and code that needs them runs where the devices are.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_PATTERNS = (
    # NVIDIA
    *("libcuda.so*", "libcudadebugger.so*", "libnvidia-*.so*", "libnvcuvid.so*", "libnvoptix.so*"),
    *("libnvrm_*.so*", "libnvos.so*", "libnvsci*.so*", "libnvdla_*.so*"),
    # GL, Vulkan, OpenCL, video
    *("libGL.so*", "libGLX.so*", "libGLX_*.so*", "libEGL.so*", "libEGL_*.so*", "libGLESv*.so*"),
    *("libOpenGL.so*", "libGLdispatch.so*", "libglapi.so*", "libgbm.so*", "libdrm*.so*"),
    *("libvulkan.so*", "libOpenCL.so*", "libva.so*", "libva-*.so*", "libvdpau.so*"),
    # InfiniBand and its like
    *("libibverbs.so*", "librdmacm.so*", "libmlx4.so*", "libmlx5.so*", "libefa.so*"),
    *("libibumad.so*", "libibmad.so*", "libpsm*.so*"),
    # other accelerators
    *("libze_loader.so*", "libze_intel_gpu.so*", "libnrt.so*"),
)


def are(name: str) -> bool:
    """Whether a library of that name comes with the drivers of the host that it runs on."""
    return any(fnmatchcase(name, pattern) for pattern in _PATTERNS)
