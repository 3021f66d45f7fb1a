"""The command for `--operate` of `tests/ofrep/run.py`: `operate.py URL ACTION`. URL is that of `suite.Control`."""

import sys
import urllib.error
import urllib.request

url, action = sys.argv[1:]
try:
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/{action}")
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
