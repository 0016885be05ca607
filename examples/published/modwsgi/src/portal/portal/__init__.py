def main(settings, **local):
    def app(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'portal']
    return app


def run():
    print('portal')
