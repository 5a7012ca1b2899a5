"""Ranges of parameters, declared where a parameter is: `weight: NonNegative = 1.0`.

They are checked before anything trains, shown by `bench show`, and part of JSON Schemas. None takes NaN or infinity.
"""

import math
from typing import Annotated

from annotated_types import Ge, Gt, Le, Lt

MOST = 10**9  # of what is counted: more is a slip of the finger

Finite = Annotated[float, Gt(-math.inf), Lt(math.inf)]
Positive = Annotated[float, Gt(0), Lt(math.inf)]
NonNegative = Annotated[float, Ge(0), Lt(math.inf)]
Share = Annotated[float, Ge(0), Le(1)]  # both ends included
Fraction = Annotated[float, Ge(0), Lt(1)]  # 1 left out, as of a momentum
Count = Annotated[int, Ge(1), Le(MOST)]
Index = Annotated[int, Ge(0), Le(MOST)]
