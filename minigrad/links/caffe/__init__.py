"""Networks of Caffe as links."""

from minigrad.links.caffe.caffe_function import CaffeFunction

__all__ = ['CaffeFunction']
