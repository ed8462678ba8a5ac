# unit tests (make check) and the tools of the lab
