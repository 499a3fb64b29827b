"""`VERIFY.md`: the commands that check the snapshots with public tools. A test runs them unchanged."""

INSTRUCTIONS = """\
# Checking these snapshots

You need `sh`, `sha256sum` (GNU coreutils) and, where the snapshots are signed, `ssh-keygen` (OpenSSH 8.2 or later).
Nothing of the program that wrote them is used. Run the commands in this folder; each must end without complaint.

```sh
set -eu
export LC_ALL=C
```

## 1. Who signed it

The third party who asks you to trust these pages gives you a file `allowed_signers` by another way than this folder:
one line `wikibot namespaces="wiki-snapshots" ssh-ed25519 AAAA…`. Name it in `ALLOWED_SIGNERS`. Without it, and where
`CHECKPOINT` says `# key: none`, nothing proves who wrote the files; the other steps still prove that they fit
together.

```sh
if [ -n "${ALLOWED_SIGNERS:-}" ]; then
  ssh-keygen -Y verify -f "$ALLOWED_SIGNERS" -I wikibot -n wiki-snapshots -s CHECKPOINT.sig < CHECKPOINT
elif ! grep -qx '# key: none' CHECKPOINT; then
  ssh-keygen -Y check-novalidate -n wiki-snapshots -s CHECKPOINT.sig < CHECKPOINT
fi
```

## 2. The head, and what it names

`CHECKPOINT` names `SHA256SUMS`, this run's events, and the head before it.

```sh
sha256sum -c --strict CHECKPOINT
sha256sum -c --strict SHA256SUMS
```

## 3. Every page, source and attachment

```sh
for bag in */bagit.txt; do
  [ -f "$bag" ] || continue
  ( cd "${bag%/bagit.txt}"
    sha256sum -c --strict --quiet tagmanifest-sha256.txt
    sha256sum -c --strict --quiet manifest-sha256.txt )
done
```

Each of these folders is a BagIt bag (RFC 8493), so `bagit.py --validate FOLDER` says the same in other words.

## 4. Every earlier run

Each earlier head is named by the head after it, with its signature and its events.

```sh
{ cat CHECKPOINT; find log -type f -name '*.checkpoint' -exec cat {} +; } |
  grep -v '^#' | grep -v '  SHA256SUMS$' | sha256sum -c --strict --quiet
```

## 5. No other files

Every file here must be named by one of the lists above, and everything must be a plain file.

```sh
work=$(mktemp -d)
{
  echo ./CHECKPOINT
  [ ! -f CHECKPOINT.tsr ] || echo ./CHECKPOINT.tsr
  grep -qx '# key: none' CHECKPOINT || echo ./CHECKPOINT.sig
  { cat CHECKPOINT; find log -type f -name '*.checkpoint' -exec cat {} +; } | sed -n 's|^[0-9a-f]*  |./|p'
  sed 's|^[0-9a-f]*  |./|' SHA256SUMS
  for bag in */bagit.txt; do
    [ -f "$bag" ] || continue
    folder=./${bag%/bagit.txt}
    sed "s|^[0-9a-f]*  |$folder/|" "$folder/tagmanifest-sha256.txt" "$folder/manifest-sha256.txt"
  done
} | sort -u > "$work/named"
find . -path ./.git -prune -o -type f -print | sort > "$work/present"
diff "$work/named" "$work/present"
test -z "$(find . -path ./.git -prune -o ! -type f ! -type d -print)"
```

## 6. Not an older state

Nothing in a folder shows whether it is an older copy that was put back. Compare with a head that was published
elsewhere: put its digest into `WITNESS`. It must be the present head or one of the earlier ones.

```sh
if [ -n "${WITNESS:-}" ]; then
  { cat CHECKPOINT | sha256sum; find log -type f -name '*.checkpoint' -exec sha256sum {} +; } | grep -q "^$WITNESS "
fi
```
"""
"""The content of `VERIFY.md`."""

GIT_ATTRIBUTES = "* -text\n"
"""The content of `.gitattributes`: a clone must not translate line ends, or no digest fits any more."""
