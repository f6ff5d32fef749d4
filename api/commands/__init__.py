"""What the console script `qifen` can do, a file a subject."""
