"""A number type for compiled functions: several floats side by side, computed with one instruction (SIMD).

A function that computes with floats computes with Numbers just as well: lane 0 of the result follows from lane 0 of the
arguments, and so on. Each lane has the bits that a float would have, as +, -, *, / and fma() round in one way only
(IEEE 754). So the code is written once, for one float or for several.
"""

import operator
from functools import partial

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model
from numba.np.arrayobj import make_array, populate_array

OPERATORS = {operator.add: 'fadd', operator.sub: 'fsub', operator.mul: 'fmul', operator.truediv: 'fdiv'}


class Numbers(types.Type):
    """`lanes` floats."""

    def __init__(self, lanes: int):
        self.lanes = lanes
        super().__init__(name=f'Numbers({lanes})')


@register_model(Numbers)
class NumbersModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(ir.DoubleType(), kind.lanes))


def _as(context, builder, value, kind, wanted):
    """A value of type `kind` as one of type `wanted`: a single number goes to all lanes."""
    if isinstance(kind, Numbers) or not isinstance(wanted, Numbers):
        return value if isinstance(kind, Numbers) else context.cast(builder, value, kind, wanted)
    value = context.cast(builder, value, kind, types.float64)
    vector = ir.Constant(ir.VectorType(ir.DoubleType(), wanted.lanes), ir.Undefined)
    for lane in range(wanted.lanes):
        vector = builder.insert_element(vector, value, ir.IntType(32)(lane))
    return vector


def _widest(values):
    """The type that holds the result: Numbers if one of the arguments is."""
    return next((kind for kind in values if isinstance(kind, Numbers)), types.float64)


def _define(operation, instruction):
    @infer_global(operation)
    class Template(AbstractTemplate):
        def generic(self, values, kws):
            if len(values) == 2 and isinstance(_widest(values), Numbers):
                return signature(_widest(values), *values)
            return None

    def lower(context, builder, sig, values):
        values = [_as(context, builder, *pair, sig.return_type) for pair in zip(values, sig.args, strict=True)]
        return getattr(builder, instruction)(*values)

    for kinds in (Numbers, Numbers), (Numbers, types.Number), (types.Number, Numbers):
        lower_builtin(operation, *kinds)(lower)


for _operation, _instruction in OPERATORS.items():
    _define(_operation, _instruction)


def _function(lower):
    """A function of compiled code whose arguments and result are of one type. lower(builder, *values) -> value."""

    def typed(typingcontext, *values):
        kind = _widest(values)

        def generate(context, builder, sig, values):
            return lower(builder, *(_as(context, builder, *pair, kind) for pair in zip(values, sig.args, strict=True)))

        return signature(kind, *values), generate

    return typed


def _llvm(name, builder, *values):
    """Call LLVM's own function of this name."""
    kind = values[0].type
    suffix = f'v{kind.count}f64' if isinstance(kind, ir.VectorType) else 'f64'
    function_type = ir.FunctionType(kind, [kind] * len(values))
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f'llvm.{name}.{suffix}'), values)


@intrinsic
def fma(typingcontext, a, b, c):
    """a * b + c, rounded once."""
    return _function(partial(_llvm, 'fma'))(typingcontext, a, b, c)


@intrinsic
def sqrt(typingcontext, a):
    """Square root."""
    return _function(partial(_llvm, 'sqrt'))(typingcontext, a)


@intrinsic
def smaller(typingcontext, a, b):
    """The smaller one of a and b; a, where one of them is NaN."""

    def lower(builder, a, b):
        return builder.select(builder.fcmp_ordered('<', b, a), b, a)

    return _function(lower)(typingcontext, a, b)


@intrinsic
def larger(typingcontext, a, b):
    """The larger one of a and b; a, where one of them is NaN."""

    def lower(builder, a, b):
        return builder.select(builder.fcmp_ordered('>', b, a), b, a)

    return _function(lower)(typingcontext, a, b)


@intrinsic
def join(typingcontext, a, b, c, d, lanes):
    """The lanes of four numbers, one after the other, as one number; each of the four has as many as `lanes`."""
    wanted = types.float64 if lanes.count == 1 else Numbers(lanes.count)

    def generate(context, builder, sig, values):
        parts = [_as(context, builder, *pair, wanted) for pair in zip(values[:4], sig.args, strict=False)]
        if lanes.count == 1:
            vector = ir.Constant(ir.VectorType(ir.DoubleType(), 4), ir.Undefined)
            for place, part in enumerate(parts):
                vector = builder.insert_element(vector, part, ir.IntType(32)(place))
            return vector
        while len(parts) > 1:
            mask = ir.VectorType(ir.IntType(32), 2 * parts[0].type.count)(list(range(2 * parts[0].type.count)))
            parts = [builder.shuffle_vector(*pair, mask) for pair in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return signature(Numbers(4 * lanes.count), a, b, c, d, lanes), generate


@intrinsic
def quarter(typingcontext, a, place, lanes):
    """One of the four numbers that join() joined. place: 0 to 3, a literal."""
    if not isinstance(place, types.IntegerLiteral):
        return None
    at, count = place.literal_value, lanes.count

    def generate(context, builder, sig, values):
        if count == 1:
            return builder.extract_element(values[0], ir.IntType(32)(at))
        mask = ir.VectorType(ir.IntType(32), count)(list(range(at * count, (at + 1) * count)))
        return builder.shuffle_vector(values[0], values[0], mask)

    return signature(types.float64 if count == 1 else Numbers(count), a, place, lanes), generate


@intrinsic
def numbers(typingcontext, array, lanes):
    """The same memory as an array of Numbers, without its last axis. lanes: a tuple that is as long as that axis.

    If it is one, the new array holds plain floats.
    """
    kind = types.float64 if lanes.count == 1 else Numbers(lanes.count)
    found = types.Array(kind, array.ndim - 1, 'C', aligned=lanes.count == 1)

    def generate(context, builder, sig, values):
        old, new = make_array(array)(context, builder, values[0]), make_array(found)(context, builder)
        data = builder.bitcast(old.data, context.get_data_type(kind).as_pointer())
        shape, strides = (cgutils.unpack_tuple(builder, each)[:-1] for each in (old.shape, old.strides))
        size = context.get_constant(types.intp, 8 * lanes.count)
        populate_array(new, data, shape, strides, size, old.meminfo, old.parent)
        context.nrt.incref(builder, found, new._getvalue())
        return new._getvalue()

    return signature(found, array, lanes), generate
