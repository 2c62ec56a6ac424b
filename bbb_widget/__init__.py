"""Video conferences with BigBlueButton, as a page, a widget and a link."""
