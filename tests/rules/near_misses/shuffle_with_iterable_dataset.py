# ----------------------------------------------------------------------------------------------------------------------
# A dataset with indices, though it can be iterated.
from torch.utils.data import DataLoader, Dataset


class Items(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return index

    def __iter__(self):
        return iter(range(8))


loader = DataLoader(Items(), shuffle=True)
