# Sets `python`: a Python 3.11 or newer that can make virtual environments. Read by script/bootstrap and script/install.
python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null; then
  echo "there is no $python here. Install Python 3.11 or newer, or set PYTHON to one." >&2
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "wikibot needs Python 3.11 or newer; $("$python" --version 2>&1) is too old. Set PYTHON to a newer one." >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "$python cannot make virtual environments: its modules venv and ensurepip are missing." >&2
  echo "Install them (Debian and Ubuntu: apt-get install python3-venv), or set PYTHON to another Python 3.11 or newer." >&2
  exit 1
fi
