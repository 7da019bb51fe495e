# What is fetched from the web: where it is kept, and the file of addresses.
# Neither changes a result, nor does how patient the downloads are: steps read that in the config.
DOWNLOADS = os.path.expanduser(config["downloads"]["folder"])
ADDRESSES = os.path.expanduser(
    config["downloads"]["archives"] or own("resources/archives.yaml")
)
