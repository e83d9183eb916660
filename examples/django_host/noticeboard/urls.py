"""Which route leads where."""

from django.urls import path

from . import views

urlpatterns = [
    path("exchanges", views.propose),
    path("exchanges/<exchange>/agree", views.agree),
    path("exchanges/<exchange>/report", views.report),
    path("exchanges/<exchange>/confirm", views.confirm),
    path("balance", views.balance),
    path("thanks", views.thanks),
]
