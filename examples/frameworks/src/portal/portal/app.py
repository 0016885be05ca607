from pyramid.config import Configurator
from pyramid.response import Response


def main(global_config, **settings):
    """Return the WSGI application that portal.ini names."""
    config = Configurator(settings=settings)
    config.add_route("home", "/")
    config.add_view(lambda request: Response("Hello from Pyramid"), route_name="home")
    return config.make_wsgi_app()
