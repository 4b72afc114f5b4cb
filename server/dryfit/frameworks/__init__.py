"""What torch and Lightning accept: signatures, ancestry, hooks, accepted strings, and what was removed.

Read from the sources that are installed in the user's environment, without importing them; where nothing is
installed, from tables that come with Dryfit.
"""

from dryfit.frameworks.bundled import bundled
from dryfit.frameworks.domains import Domain
from dryfit.frameworks.environments import site_packages_of
from dryfit.frameworks.frameworks import Frameworks, Hook
from dryfit.frameworks.history import Addition, OtherCall, Removal
from dryfit.frameworks.installed import installed
from dryfit.frameworks.lineage import merged
from dryfit.frameworks.signature import Parameter, Signature

__all__ = [
    "Addition",
    "Domain",
    "Frameworks",
    "Hook",
    "OtherCall",
    "Parameter",
    "Removal",
    "Signature",
    "bundled",
    "installed",
    "merged",
    "site_packages_of",
]
