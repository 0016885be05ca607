"""What is changed in recipes and extensions of others."""
import os


# -- recipes

def steady_recipe(old, *args):
    """plone.recipe.zeoserver from 3.0 on writes paths in the order of a set, which
    the tree's own path decides. They get the order of its working set, in the build
    and on the target. That order is another one in the run that installs the eggs:
    in the next run the recipe sees it, and writes its scripts anew, as it did before."""
    recipe = old(*args)
    paths = getattr(recipe, "ws_locations", None)
    if str(getattr(recipe, "__module__", "")).startswith("plone.recipe.zeoserver") and isinstance(paths, property):
        def ws_locations(self):
            found = paths.fget(self)
            return in_order(found, self.zodb_ws) if isinstance(found, set) else found
        recipe.ws_locations = property(ws_locations)
    return recipe


def in_order(paths, working_set):
    """Gives the paths of a working set's distributions in its order, each once."""
    ordered = []
    for dist in working_set:
        if dist.location in paths and dist.location not in ordered:
            ordered.append(dist.location)
    return ordered


# -- extensions of buildout

def patch_extensions(module):
    """Has mr.developer keep its checkouts: no version-control program is run."""
    resources = module.pkg_resources
    old = resources.iter_entry_points

    def iter_entry_points(group, *args):
        for entry in old(group, *args):
            if group == "zc.buildout.extension" and entry.module_name.startswith("mr.developer"):
                patch_mr_developer()
            yield entry

    class Resources(object):
        def __getattr__(self, name):
            return getattr(resources, name)
    front = Resources()
    front.iter_entry_points = iter_entry_points
    module.pkg_resources = front


def patch_mr_developer():
    import logging
    import zc.buildout
    from mr.developer import common
    logger = logging.getLogger("mr.developer")

    def checkout(self, packages, **kw):
        for name in packages:
            if not os.path.exists(self.sources[name]["path"]):
                raise zc.buildout.UserError("the checkout of %s is not in this tree, and no version-control program "
                                            "is run here" % name)
            logger.info("Kept the checkout of '%s'.", name)
    common.WorkingCopies.checkout = checkout
    common.WorkingCopies.update = checkout


def print_picked(old, buildout):
    """Writes no versions file on the target, since each run would append to one that
    the configuration doesn't extend."""
    file, buildout.update_versions_file = buildout.update_versions_file, ""
    try:
        if buildout.show_picked_versions:
            old(buildout)
    finally:
        buildout.update_versions_file = file
