#!/bin/sh
# vendor.sh: make linkerpy/admin/static/vendor anew from the npm registry: uPlot, which draws the
# dashboard's charts, in the version and with the digest written here, and its licence beside it.
set -eu
VERSION=1.6.32
DIGEST=KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==

cd "$(dirname "$0")/.."
into=$PWD/linkerpy/admin/static/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
npm pack --silent "uplot@$VERSION" >/dev/null
found=$(openssl dgst -sha512 -binary "uplot-$VERSION.tgz" | openssl base64 -A)
if [ "$found" != "$DIGEST" ]; then
    echo "uplot-$VERSION.tgz is not the file it was: sha512 $found" >&2
    exit 1
fi
tar -xzf "uplot-$VERSION.tgz"
rm -rf "$into"
mkdir "$into"
cp package/dist/uPlot.iife.min.js package/dist/uPlot.min.css "$into"
cp package/LICENSE "$into/uPlot.LICENSE.txt"
echo "$VERSION" >"$into/uPlot.VERSION.txt"
chmod 644 "$into"/*
ls -l "$into"
