"""Reads the recipes of docs/providers: what stands in the pages is what is
tried.

    recipe = Recipe("auth0")
    recipe.config(keys="/a/keys.json")      # the configuration, for a test
"""

import glob
import os
import re

FOLDER = os.path.join(os.environ.get("PJ_SRCDIR", "."), "docs", "providers")
HOST = "web1.example.org"


def pages():
    """The names of all recipes."""
    return sorted(os.path.basename(path)[:-3]
                  for path in glob.glob(os.path.join(FOLDER, "*.md"))
                  if not path.endswith("README.md"))


class Recipe:
    """One page."""

    def __init__(self, name):
        self.name = name
        with open(os.path.join(FOLDER, name + ".md"),
                  encoding="ascii") as file:
            self.text = file.read()

    def blocks(self, language):
        """The texts of the blocks in a language, in their order."""
        return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", self.text)

    def block(self, language):
        """The only block in a language."""
        found = self.blocks(language)
        assert len(found) == 1, (self.name, language, len(found))
        return found[0]

    def config(self, keys=None, users=None, issuer=None, ca=None):
        """The page's configuration.  keys: a file to take keys from; users: the
        file that holds the page's map; issuer, ca: what replaces them."""
        text = self.block("ini")
        if keys is not None:
            text = re.sub(r"(?m)^(jwks_file|discovery_url|ca_file) .*\n", "",
                          text)
            text = re.sub(r"(?m)^(\[issuer .*\]\n)",
                          rf"\1jwks_file = {keys}\n", text)
        if users is not None:
            text = re.sub(r"(?m)^user_map .*$", f"user_map = {users}", text)
        if issuer is not None:
            written = re.search(r"(?m)^issuer += (https:.*)$", text)[1]
            text = text.replace(written, issuer)
        if ca is not None:
            text = re.sub(r"(?m)^ca_file .*\n", "", text)
            text = re.sub(r"(?m)^(\[issuer .*\]\n)", rf"\1ca_file = {ca}\n",
                          text)
        return text

    def token_command(self):
        """PAM_JWKS_TOKEN_COMMAND of a workflow, folded as YAML folds it."""
        found = re.search(r"PAM_JWKS_TOKEN_COMMAND: >-\n((?: {8}.*\n)+)",
                          self.block("yaml"))
        return " ".join(line.strip() for line in found[1].splitlines())
