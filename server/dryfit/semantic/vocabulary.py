"""Names of torch and Python that the evaluator knows by what they do."""

from __future__ import annotations

# Methods of a module that return it.
FLUENT = frozenset(
    "to cuda cpu train eval half float double bfloat16 requires_grad_ share_memory type to_empty compile".split()
)

# Methods of a module that change nothing of what matters here.
MODULE_INERT = frozenset(
    (
        "register_buffer log log_dict print state_dict save_hyperparameters register_forward_hook extra_repr all_gather"
    ).split()
)

# On an unknown receiver these are taken to change nothing of what matters here: the one place where a bare method name
# counts, and it can only make us trust that nothing happened.
INERT = frozenset(
    (
        "item cpu numpy tolist size dim numel shape format join split strip print info debug warning error log "
        "log_dict append add_scalar add_scalars add_image set_postfix set_description set_postfix_str parameters "
        "named_parameters get items keys values mean sum detach clone train eval to cuda float double long view "
        "reshape squeeze unsqueeze zero_ update startswith endswith flush write close add_argument parse_args "
        "state_dict time extend copy index max min argmax round lower upper sample log_prob entropy reset seed "
        "manual_seed render save exists mkdir"
    ).split()
)

# Methods of a tensor whose result sends no gradient back.
DETACHING = frozenset(
    (
        "detach detach_ item argmax argmin tolist numpy size dim numel eq ne gt lt ge le bool long int sign round "
        "floor ceil"
    ).split()
)

# Methods of a tensor whose result holds the same values.
KEEPS_TAG = frozenset("squeeze view reshape to float cuda cpu contiguous unsqueeze flatten double half".split())

# Methods of a tensor whose arguments are numbers, or none.
OF_ONE_TENSOR = frozenset(
    (
        "sum mean std var clone permute transpose expand repeat softmax log_softmax sigmoid tanh relu exp log sqrt abs "
        "norm cumsum t type unfold roll flip neg reciprocal"
    ).split()
)

# Methods of a tensor whose result is not followed.
TENSOR_OTHER = frozenset(
    (
        "register_hook retain_grad requires_grad_ max min topk sort split chunk unbind unique nonzero is_floating_point"
    ).split()
)

# Methods of a module that iterate over what is in it.
MODULE_GENERATORS = frozenset("children modules named_children named_modules buffers named_buffers".split())

# Losses of torch.nn.functional.
LOSSES = frozenset(
    (
        "cross_entropy nll_loss mse_loss l1_loss binary_cross_entropy binary_cross_entropy_with_logits smooth_l1_loss "
        "kl_div huber_loss hinge_embedding_loss poisson_nll_loss gaussian_nll_loss ctc_loss triplet_margin_loss "
        "cosine_embedding_loss margin_ranking_loss multi_margin_loss soft_margin_loss"
    ).split()
)

# Functions of torch that make a tensor without a history.
TENSOR_MAKERS = frozenset(
    (
        "randn rand zeros ones tensor arange full eye linspace empty as_tensor randint zeros_like ones_like rand_like "
        "randn_like from_numpy randperm full_like empty_like normal bernoulli multinomial argmax argmin"
    ).split()
)

# Functions of torch whose result sends gradients back to what they were given.
TENSOR_FUNCTIONS = frozenset(
    (
        "softmax sigmoid log_softmax cat stack mean sum add sub mul div matmul bmm mm exp log tanh relu flatten "
        "squeeze unsqueeze reshape abs sqrt pow square clamp concat hstack vstack einsum norm where transpose permute"
    ).split()
)

# Builtins that change nothing of what they are given.
INERT_BUILTINS = frozenset(
    (
        "print len range int float str bool isinstance issubclass hasattr min max abs round id repr format type "
        "callable any all open hash divmod pow ord chr vars dir input slice object bytes complex hex bin frozenset "
        "memoryview bytearray ascii Exception ValueError RuntimeError TypeError KeyError NotImplementedError "
        "AssertionError IndexError AttributeError StopIteration property"
    ).split()
)
