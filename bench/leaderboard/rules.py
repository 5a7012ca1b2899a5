"""How the boards tell rows apart, in words that suffice to compute every number again."""

from bench.leaderboard import across
from bench.leaderboard.board import FEWEST
from bench.leaderboard.inference import LEVEL, MOST_SEEDS, POWER
from bench.leaderboard.sampling import DIGITS, NAME
from bench.leaderboard.statistics import FENCE

FILE = "STATISTICS.md"

TEXT = f"""# How rows are told apart

Two things are drawn at random: the seeds of training and the test rows. An interval says where a difference would be
found with other seeds **and** other test rows; data, split, protocol and search budget stay as they are.

## The difference of two rows

For one metric in one region, m(A, k) is the metric of row A at seed k. Seed k of two rows starts from the same weights
and order, and both predict the same test rows, so all is paired.

1. **Mean.** d(k) = m(A, k) - m(B, k) over the S seeds that finished for both; D is their mean. A row with a single
   seed, as a reference that draws nothing, is compared with every seed of the other.
2. **Seeds.** s = (sample deviation of d, ddof=1) / root of S.
3. **Test rows.** u(A, k, i) is the influence of test row i on m(A, k): the derivative of the metric by the row's weight
   times the number N of rows; for a mean, what the row has above the mean. u(i) is the mean over A's seeds of u(A, k, i)
   less that over B's. Test rows that share what the dataset names (a picture, a person, a place, a sentence; directly
   or over others) are one group: U(g) is the sum of u over the G groups, and r = root of (G / (G - 1) x the sum of
   U(g)^2) / N. For a mean this is what a bootstrap of groups of rows gives with more and more resamples, without its
   random numbers; for RMSE, R^2 and correlations it is the linearisation. A region's rows are taken as they are.
   Influences: MAE, MSE, delta and the like: term less its mean. RMSE: that of MSE / (2 RMSE). R^2: (v_i E / V - e_i) / V,
   squared errors e of mean E, squares about the label mean v of mean V. Pearson, of standardised a, b: ab -
   rho (a^2 + b^2) / 2. Spearman: the same of mid-ranks, and the mean over j of (b_j - rho a_j) / sd(rank a) where
   prediction j is larger (half where equal), and so for labels. Balanced MAE and MSE, mean over K bins: N / K x (error
   less its bin's mean) / (rows of the bin). Everything in float64.
4. **Together.** The standard error is the root of s^2 + r^2. What seeds and rows move together is in both, so it counts
   twice and the interval errs on the wide side (a two-way bootstrap counts it three times: Owen and Eckles, Annals of
   Applied Statistics 2012). Degrees of freedom after Satterthwaite:
   (s^2 + r^2)^2 / (s^4 / (S - 1) + r^4 / (G - 1)).
5. **Interval and p.** Student's t with these degrees: D +- t(0.975) x error, and the two-sided p of D / error.

Why t and no percentiles: in simulations of a useless method (4,000 boards of 10 seeds and 266 rows, 5% wanted) a
percentile interval of the two-way bootstrap misses 0 in 10% of cases where seeds alone vary; this test in 5.6%, in
4% where rows alone vary, in under 1% where both only vary together. A test over seeds alone misses in up to 100%.

`{NAME}` holds r for every pair that the boards use ({DIGITS} digits; a row with itself: r of its mean), so
that the boards are the same bytes where predictions or data are missing. It counts as long as its keys are those of the
records: the first 16 digits of the SHA-256 of JSON [rule, fingerprint of the data, [[seed, SHA-256 of predictions],
...]]. Where r is not known s stands alone, and the board says so.

## Verdicts, bold and limits

- **Verdict.** Of the p values of all rows against their baseline, in one metric and region, adjusted after Holm; below
  {LEVEL} it is a win or a loss, else a tie. References are a family of their own. Intervals are not adjusted.
- **Bold.** The best mean, and all rows whose difference to it has p >= {LEVEL} after Bonferroni over all other
  rows: not step by step, as the best row is chosen after the fact (Hsu, Annals of Statistics 1981). The
  baseline is bold if and only if the best row's verdict is no win. Rows with failed seeds, rows with settings of
  their own and references never lead and are never bold.
- **Not ranked.** Regions under {FEWEST} test rows, and the geometric mean, which one exact hit brings to 0.
- **Median.** Shown beside the mean where a seed lies more than {FENCE:g} interquartile ranges beyond the quartiles
  (Tukey's outer fences; inclusive quartiles).
- **Detectable.** (t(0.975) + t({POWER})) x error: the true difference that one such test finds in {POWER:.0%} of experiments. The
  number of seeds that would separate the first two rows is the smallest S, up to {MOST_SEEDS:,}, at which this is no more than
  their difference, with s shrinking as 1 / root of S and r as it is.

## Across boards

Boards of one dataset (its variants) count as one: their ranks are averaged first. Ranks are of the mean of the first
metric over all test rows, 1 for the best, ties at their mean, among the methods that are whole on every board. The
interval draws datasets with replacement and, for each, seeds: {across.RESAMPLES:,} times, `numpy.random.RandomState({across.SEED})`; first the
numbers `randint(0, datasets, ({across.RESAMPLES}, datasets))`, then for each board, by name, `randint(0, seeds, ({across.RESAMPLES}, seeds))`;
percentiles 2.5 and 97.5, interpolated linearly. Friedman's test and Nemenyi's critical difference are those of scipy
(`friedmanchisquare`; `studentized_range`, infinite degrees of freedom, over root of 2, times root of k (k + 1) / 6 N).

## Against the papers

Within 2 sd: our mean lies within two of the paper's deviations, which says little of means. Welch p: two-sided, of both
means, deviations and numbers of runs, where the paper prints a deviation and the number of runs.
"""
