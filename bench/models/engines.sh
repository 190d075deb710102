#!/usr/bin/env bash
# bench/models/engines.sh COMMAND...: installs MLServer and llama.cpp's server in the user's cache folder (ten
# minutes and a C++ compiler, once) and runs the command with both on its path.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mlserver=$here/../../examples/mlserver
cache=${XDG_CACHE_HOME:-$HOME/.cache}/outrigger/engines
# The source package of the Python binding carries llama.cpp itself.
binding=0.3.36
mkdir -p "$cache/bin"

if ! [ -e "$cache/python/.installed" ]; then
  python3 -m venv "$cache/python"
  "$cache/python/bin/pip" install -q -r "$mlserver/requirements.txt" cmake ninja gguf
  touch "$cache/python/.installed"
fi
export PATH=$cache/bin:$cache/python/bin:$PATH
[ -e "$mlserver/digits.joblib" ] || python "$mlserver/train.py"

if ! [ -x "$cache/bin/llama-server" ]; then
  source=$(mktemp -d)
  trap 'rm -rf "$source"' EXIT
  pip download -q --no-deps --no-binary llama-cpp-python -d "$source" "llama-cpp-python==$binding"
  tar -xzf "$source"/llama_cpp_python-*.tar.gz -C "$source"
  cmake -S "$source"/llama_cpp_python-*/vendor/llama.cpp -B "$source/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DBUILD_SHARED_LIBS=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF >"$source/log"
  cmake --build "$source/build" --target llama-server >>"$source/log" || { tail -n 30 "$source/log" >&2; exit 1; }
  cp "$source/build/bin/llama-server" "$cache/bin/llama-server"
fi
[ -e "$cache/tiny.gguf" ] || python "$here/tiny_llama.py" "$cache/tiny.gguf"
cat >"$cache/bin/tiny-llama-server" <<END
#!/bin/sh
exec llama-server -m "$cache/tiny.gguf" "\$@"
END
chmod +x "$cache/bin/tiny-llama-server"
"$@"
