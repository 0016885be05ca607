{'name': 'greeting', 'depends': []}
