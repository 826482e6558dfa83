#!/bin/sh
# Makes an installed environment smaller: trim.sh FOLDER. Runs while the image is built, with binutils.
set -eu
packages=$(echo "$1"/lib/python3*/site-packages)

# Symbol tables of extension modules, and sources of compiled ones. Libraries that a wheel brings
# along (*.libs) are left as they are: they gain nothing.
find "${packages}" -name '*.so' -not -path '*.libs/*' -exec strip --strip-unneeded {} +
find "${packages}" -type f \
    \( -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' -o -name '*.pyi' \) -delete

# Of all languages that can be coloured, a traceback shows one; its lexer draws on unistring and special.
find "${packages}"/pygments/lexers -type f \
    ! -name '__init__.py' ! -name '_mapping.py' ! -name 'python.py' ! -name 'special.py' -delete

# The HEVC encoder is a sixth of everything, and no stream here is HEVC. FFmpeg asks it for its table
# of functions and reports an encoder that cannot be opened when there is none, so a library that
# answers "none" takes its place.
case $(uname -m) in
    x86_64) none='xor %eax, %eax' ;;
    aarch64) none='mov x0, #0' ;;
    *) exit 0 ;;
esac
for library in "${packages}"/av.libs/libx265-*.so*; do
    [ -e "${library}" ] || continue
    symbol=$(objdump -T "${packages}"/av.libs/libavcodec-*.so* | grep -o 'x265_api_get_[0-9]*' | head -n 1)
    printf '.text\n.globl %s\n.type %s, %%function\n%s: %s\n ret\n.section .note.GNU-stack,"",%%progbits\n' \
        "${symbol}" "${symbol}" "${symbol}" "${none}" | as -o /tmp/none.o -
    ld -shared -soname "$(basename "${library}")" -o "${library}" /tmp/none.o
    rm /tmp/none.o
done
