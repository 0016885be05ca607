"""Creates a Plone site: bin/instance run createsite.py"""

import transaction
from AccessControl.SecurityManagement import newSecurityManager
from Products.CMFPlone.factory import addPloneSite
from zope.component.hooks import setSite

app = app  # noqa: F821, given by "instance run"
admin = app.acl_users.getUser("admin")
newSecurityManager(None, admin.__of__(app.acl_users))
site = addPloneSite(app, "Plone", title="Moved by binary-buildout", setup_content=False)
setSite(site)
transaction.commit()
