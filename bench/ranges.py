"""Ranges of parameters, declared where a parameter is: `weight: NonNegative = 1.0`.

They are checked before anything trains, shown by `bench show`, and part of JSON Schemas. None takes NaN or infinity.
"""

import math
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt, Predicate

MOST = 10**9  # of what is counted: more is a slip of the finger


def is_odd(number: int) -> bool:
    """Whether a number of bins has a middle."""
    return number % 2 == 1


Finite = Annotated[float, Gt(-math.inf), Lt(math.inf)]
Positive = Annotated[float, Gt(0), Lt(math.inf)]
NonNegative = Annotated[float, Ge(0), Lt(math.inf)]
Share = Annotated[float, Ge(0), Le(1)]  # both ends included
Fraction = Annotated[float, Ge(0), Lt(1)]  # 1 left out, as of a momentum
Count = Annotated[int, Ge(1), Le(MOST)]
Index = Annotated[int, Ge(0), Le(MOST)]
AtLeastTwo = Annotated[int, Ge(2), Le(MOST)]
AtLeastThree = Annotated[int, Ge(3), Le(MOST)]
OneOrTwo = Annotated[int, Ge(1), Le(2)]
Several = Annotated[int, Ge(1), Le(10_000)]  # of what is multiplied by the batch in memory
Odd = Annotated[int, Ge(1), Le(10_001), Predicate(is_odd)]
