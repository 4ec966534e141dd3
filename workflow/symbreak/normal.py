"""Portable functions of the normal distribution: the error function and the quantile.

The same rules as in ``arithmetic.py``, on which they stand: IEEE basic operations in one written
order. The coefficients are rational interpolations at nodes that even out the error, computed at
60 digits. Each function takes float64 and works elementwise, in both engines.
"""

from typing import Any

import numpy as np

from symbreak.arithmetic import exp64, log_parts, select, square_root, with_sign

Array = Any  # a NumPy array or scalar here, a machine float in the compiled engine


def erf(x: Array) -> Array:
    """Return the error function: y + y (n/d) with y = |x| below 0.875, above it 1 - e^-y^2 times
    (0.3125 + n/d); exactly 1 from 6 on.
    """
    y = abs(x)
    y = select(y > 6.0, 6.0, y)
    s = y * y
    n = -3.271034964783283e-06
    n = n * s - 0.00010213846586755451
    n = n * s - 0.006273111024799505
    n = n * s - 0.03187143842778431
    n = n * s - 0.32367232299200377
    n = n * s + 0.12837916709551256
    d = 0.00022419687621633743
    d = d * s + 0.006015901838961041
    d = d * s + 0.06987908825419659
    d = d * s + 0.40858705681434165
    d = d * s + 1.0
    near = y + y * (n / d)
    n = -0.0037666602617634284
    n = n * y - 0.03143814045391021
    n = n * y - 0.11175025074657145
    n = n * y - 0.17260949210479756
    n = n * y + 0.04279617904245177
    n = n * y + 0.5513012408163384
    n = n * y + 0.6874999829946877
    d = 0.012053366847618617
    d = d * y + 0.12236145695860655
    d = d * y + 0.5785424875812939
    d = d * y + 1.5856691466668438
    d = d * y + 2.6176302475097204
    d = d * y + 2.4431712112741786
    d = d * y + 1.0
    far = 1.0 - exp64(-s) * (0.3125 + n / d)
    return with_sign(select(y < 0.875, near, far), x)


def normal_quantile(u: Array) -> Array:
    """Return the standard normal quantile of a probability: -inf at 0, inf at 1, NaN outside.

    The regions of algorithm AS 241 (Wichura, Applied Statistics 37, 1988): in the centre a rational
    in (u - 1/2)^2, in the tails one in t = sqrt(-log u) or sqrt(-log(1 - u)). What is added to
    2 (u - 1/2), or to t, is the smaller part. Antisymmetric about one half.
    """
    q = u - 0.5
    p = select(q < 0.0, u, 1.0 - u)
    tail = quantile_tail(p)
    value = select(abs(q) <= 0.425, quantile_centre(u, q), select(q < 0.0, -tail, tail))
    edge = select(p == 0.0, select(q < 0.0, -np.inf, np.inf), np.nan)
    return select(p > 0.0, value, edge)


def quantile_centre(u: Array, q: Array) -> Array:
    """The quantile where |q| <= 0.425: 2 q + q (n/d), and the slope there times what q lost."""
    square = q * q
    s = 0.180625 - square
    n = -585.9110061375873
    n = n * s - 26936.08544758322
    n = n * s - 45682.791068838276
    n = n * s - 11279.896326315209
    n = n * s + 7973.075344240589
    n = n * s + 4181.305502732866
    n = n * s + 716.963114358453
    n = n * s + 52.376667518798214
    n = n * s + 1.3871328727963668
    d = 20284.15497744358
    d = d * s + 68790.34309915383
    d = d * s + 70501.05482920258
    d = d * s + 31306.339784707314
    d = d * s + 6920.146116524992
    d = d * s + 793.9426271248373
    d = d * s + 45.09724643595441
    d = d * s + 1.0
    slope = (243.0 * square - 25.9) * square + 3.8
    return (q + q) + (q * (n / d) + (u - (q + 0.5)) * slope)


def quantile_tail(p: Array) -> Array:
    """The size of the quantile of p <= 0.075: t + n/d, and the slope times what the root t lost."""
    high, low = log_parts(p, 0.0)
    total = high + low
    t = square_root(-total)
    # L - t^2 with L = -log p: L's own rounding, and t squared exactly from its halves a + b.
    a = t * 134217729.0
    a = a - (a - t)
    b = t - a
    lost = (((-total - a * a) - 2.0 * (a * b)) - b * b) + ((total - high) - low)
    near = t <= 5.0
    s = t - select(near, 1.6, 5.0)
    n = select(near, 0.0, 4.300455012176639e-10)
    n = n * s + select(near, 0.0002285197580574656, 1.3075843492296034e-07)
    n = n * s + select(near, 0.0066959995801940874, 1.1725695145657071e-05)
    n = n * s + select(near, 0.06979247422610865, 0.0004519053117029253)
    n = n * s + select(near, 0.34534230676974564, 0.008766804775064698)
    n = n * s + select(near, 0.87026658041091, 0.09169305948168327)
    n = n * s + select(near, 1.035032995959987, 0.5198993259944044)
    n = n * s + select(near, 0.34479125870754707, 1.4873594256470506)
    n = n * s + select(near, -0.17656288925031632, 1.6579046435011036)
    d = select(near, 3.5860101455250192e-09, 1.0382204041767007e-09)
    d = d * s + select(near, 0.0005513798435463687, 3.1049054418368707e-07)
    d = d * s + select(near, 0.015306150172814026, 2.6769804600953156e-05)
    d = d * s + select(near, 0.14901385786234042, 0.0009603985268745298)
    d = d * s + select(near, 0.6928915684350215, 0.016589201020193716)
    d = d * s + select(near, 1.681032129832452, 0.14483558548766928)
    d = d * s + select(near, 2.055683570615602, 0.6135456293100162)
    d = d * s + 1.0
    return t + (n / d + select(near, 0.76, 0.71) * (lost / t))
