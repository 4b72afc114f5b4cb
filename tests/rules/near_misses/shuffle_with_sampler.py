# ----------------------------------------------------------------------------------------------------------------------
# Shuffled only where there is no sampler.
from torch.utils.data import DataLoader, RandomSampler


def make_loader(dataset, is_distributed):
    sampler = RandomSampler(dataset) if is_distributed else None
    return DataLoader(dataset, shuffle=sampler is None, sampler=sampler)


def with_option(dataset, shuffle):
    sampler = RandomSampler(dataset) if not shuffle else None
    return DataLoader(dataset, shuffle=shuffle, sampler=sampler)


make_loader(list(range(8)), True)
with_option(list(range(8)), True)


# ----------------------------------------------------------------------------------------------------------------------
# Another class of that name.
import torch.utils.data


class DataLoader:
    def __init__(self, dataset, shuffle, sampler):
        self.inner = torch.utils.data.DataLoader(dataset, sampler=sampler)


loader = DataLoader(list(range(8)), shuffle=True, sampler=[1, 2, 3])


# ----------------------------------------------------------------------------------------------------------------------
# The sampler is taken out again.
from torch.utils.data import DataLoader, SequentialSampler

dataset = list(range(8))
options = {"shuffle": True, "sampler": SequentialSampler(dataset)}
options.pop("sampler")
loader = DataLoader(dataset, **options)
