class configmanager(object):
    """What the recipe lets Odoo write before it sets its own options."""

    def __init__(self, fname):
        self.rcfile = fname

    def save(self):
        with open(self.rcfile, 'w') as f:
            f.write('[options]\nxmlrpc_port = 8069\n')
