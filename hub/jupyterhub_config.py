"""JupyterHub's configuration: the settings file, applied. What it says and where: hub/settings.py.

STILLHOUSE_HUB_SETTINGS  the settings, a YAML file
STILLHOUSE_HUB_KEYS      a folder with the keys, a file each
STILLHOUSE_HUB_CONF_D    a folder with *.py files like this one, read last, by name, if it is there
"""

import os
import sys
from pathlib import Path

from hub.auth import update_auth
from hub.database import update_database
from hub.errors import HubError
from hub.homes import update_homes
from hub.network import update_network
from hub.profiles import update_profiles
from hub.servers import update_pod_security, update_servers
from hub.settings import read_keys, read_settings

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub defines it

try:
    settings = read_settings(Path(os.environ.get("STILLHOUSE_HUB_SETTINGS", "settings.yaml")))
    keys = read_keys(Path(os.environ.get("STILLHOUSE_HUB_KEYS", "keys")), settings.auth)
    update_network(c, settings, keys)
    update_auth(c, settings, keys)
    update_database(c, settings)
    update_servers(c, settings)
    update_pod_security(c)
    update_homes(c, settings)
    update_profiles(c, settings)
except HubError as error:
    sys.exit(f"The hub can't start. {error}")

for extra in sorted(Path(os.environ.get("STILLHOUSE_HUB_CONF_D", "conf.d")).glob("*.py")):
    load_subconfig(str(extra))  # type: ignore[name-defined]  # noqa: F821  # and this, too
