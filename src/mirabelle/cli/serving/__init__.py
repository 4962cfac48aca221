"""The parts that `mirabelle serve`, `mirabelle api` and `mirabelle dial` are put together from."""
