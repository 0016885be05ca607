version = "8.0"
