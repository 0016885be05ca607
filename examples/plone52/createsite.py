"""Creates a Plone site: bin/instance run createsite.py"""

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from Products.CMFPlone.factory import addPloneSite
from zope.component.hooks import setSite

app = app  # noqa: F821, given by "instance run"
users = app.acl_users
if not users.getUser("admin"):
    # The first start of an instance takes its file inituser away.
    users.userFolderAddUser("admin", "admin", ["Manager"], [])
newSecurityManager(None, users.getUser("admin").__of__(users))
site = addPloneSite(app, "Plone", title="Moved by binary-buildout", setup_content=False)
setSite(site)
transaction.commit()
