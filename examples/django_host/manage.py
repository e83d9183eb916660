"""Django's own command line: python manage.py migrate, python manage.py prepare."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "noticeboard.settings")
execute_from_command_line(sys.argv)
