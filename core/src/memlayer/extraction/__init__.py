"""Reading facts out of what people say."""
