# Push clients that others wrote, for the tests that point them at the simulators. Sourced by
# scripts/test.
# shellcheck shell=bash

# Installs them into a virtual environment of this checkout, once for each list of versions, and
# sets PUSHLEDGER_TEST_PYTHON. Without a network the tests that need them are skipped.
install_other_clients() {
  local lists=Tests/SimulatorsTests/OtherClients folder=.build/other-clients stamp
  stamp=$(cat "$lists"/requirements*.txt | cksum)
  if [ "$(cat "$folder/stamp" 2>/dev/null)" != "$stamp" ]; then
    say "Installing push clients of others for the tests."
    rm -rf "$folder"
    if ! {
      python3 -m venv "$folder" \
        && "$folder/bin/pip" install --quiet --disable-pip-version-check \
          -r "$lists/requirements.txt" \
        && "$folder/bin/pip" install --quiet --disable-pip-version-check \
          'pip==23.3.2' 'setuptools==75.8.0' wheel \
        && "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps \
          --no-build-isolation --use-deprecated=legacy-resolver -r "$lists/requirements-xiaomi.txt"
    }; then
      say "They can't be installed here: the tests with them are left out."
      rm -rf "$folder"
      return 0
    fi
    echo "$stamp" >"$folder/stamp"
  fi
  PUSHLEDGER_TEST_PYTHON=$PWD/$folder/bin/python3
  export PUSHLEDGER_TEST_PYTHON
}
