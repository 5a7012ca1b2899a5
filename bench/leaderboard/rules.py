"""How the boards tell rows apart, in words that suffice to compute every number again."""

from bench.leaderboard import across
from bench.leaderboard.board import FEWEST, TUNED
from bench.leaderboard.judged import LEVEL, MOST_SEEDS, POWER
from bench.leaderboard.sampling import DIGITS, NAME
from bench.leaderboard.statistics import FENCE, MOVED

FILE = "STATISTICS.md"
_DRAWS = f"`numpy.random.RandomState({across.SEED})`"

TEXT = f"""# How rows are told apart

Two things are drawn at random: the seeds of training and the test rows. An interval says where a difference would be
found with other seeds **and** other test rows; data, split, protocol and search budget stay as they are.

## The difference of two rows

For one metric in one region, m(A, k) is the metric of row A at seed k. Seed k of two rows starts from the same weights
and order, and both predict the same test rows, so all is paired. Everything is computed in float64.

1. **Mean.** d(k) = m(A, k) - m(B, k) over the S seeds that finished for both; D is their mean. A row with a single
   seed, as a reference that draws nothing, is compared with every seed of the other.
2. **Seeds.** s = (sample deviation of d, ddof=1) / sqrt(S).
3. **Test rows.** u(A, k, i) is the influence of test row i on m(A, k): the derivative of the metric by the weight of
   the row, times the number N of rows; for a mean, the row's term less the mean. u(i) is the mean over A's seeds of
   u(A, k, i) less that over B's. Test rows that share what the dataset names (a picture, a person, a place, a
   sentence; directly or over others) are one group: U(g) is the sum of u over the rows of group g. With G groups,
   r = sqrt(G / (G - 1) * sum of U(g)^2) / N.
4. **Together.** The standard error is e = sqrt(s^2 + r^2), with
   (s^2 + r^2)^2 / (s^4 / (S - 1) + r^4 / (G - 1)) degrees of freedom (Satterthwaite).
5. **Interval and p.** Student's t with these degrees: D - t(0.975) e to D + t(0.975) e, and the two-sided p of D / e.

This is the two-way bootstrap, of seeds and of groups of test rows, in closed form: r is what drawing groups gives with
more and more resamples (exactly so for means, linearised for the other metrics), s what drawing seeds gives, with its
factor sqrt(1 - 1 / S) mended. What seeds and rows move together is in both and counts twice, so the interval errs on
the wide side; in the bootstrap it counts three times (Owen and Eckles, Annals of Applied Statistics 2012).

Influences, with rows' errors a (prediction less label):

- MAE, MSE, delta1 to delta3, ABS_REL, LG10: the row's term less its mean; several targets of a row are averaged first.
- RMSE: the influence on MSE, over 2 RMSE.
- R²: (v(i) E / V - a(i)^2) / V, with E the mean of a^2, v squares of labels about their mean, V their mean.
- Pearson: x y - rho (x^2 + y^2) / 2 of standardised (ddof=0) predictions x and labels y.
- Spearman: the same of the ranks (ties at their mean), and N / (ddof=0 deviation of the predictions' ranks) times the
  mean over j of (y(j) - rho x(j)) h(i, j), with h = 1 where the prediction of j is larger than that of i and 1/2 where
  it is equal; and the same with predictions and labels exchanged.
- Balanced MAE and MSE, over K bins: N / K * (the row's term less its bin's mean) / (rows of the bin). SERA: N times
  the row's term less its mean.

How often a useless method is told from the baseline, simulated with 10 seeds, 266 rows and 5% wanted (2,000
experiments each; standard error 0.5%):

| what varies                     | this test | t test over seeds alone | percentiles of the two-way bootstrap |
|:--------------------------------|----------:|------------------------:|-------------------------------------:|
| seeds                           |      5.6% |                    5.6% |                                 9.6% |
| test rows                       |      3.9% |                    100% |                                 3.6% |
| both, apart from each other     |      4.4% |                     74% |                                 4.2% |
| each prediction for itself      |      0.9% |                    5.1% |                                 0.8% |

`{NAME}` holds r for every pair that the boards use, in {DIGITS} digits (a row with itself: r of its mean). Boards are
made from it alone, so they are the same bytes where predictions or data are missing; where these are at hand, the file
is held against them. A number counts as long as the keys of its two rows are those of the records: the first 16
digits of the SHA-256 of the JSON text `[rule, fingerprint of the data, [[seed, SHA-256 of its predictions], ...]]`.
Where r is not known, s stands alone with S - 1 degrees of freedom, and the board says so.

## Verdicts, bold and limits

- **Verdict.** The p values of all rows against their baseline, in one metric and region, are adjusted after Holm;
  below {LEVEL} it is a win or a loss, else a tie. References are a family of their own. Intervals are not adjusted.
- **Tuned baseline.** Where the protocol is a published one and `bench tune` found other settings for the baseline,
  all rows but the references are held against `{TUNED}` in the same way, as a family of their own.
- **Bold.** The best mean, and all rows whose difference to it has p >= {LEVEL} after Bonferroni over all other rows:
  not step by step, as the best row is chosen after the fact (Hsu, Annals of Statistics 1981). No row whose verdict is
  a loss is bold; the baseline is bold if and only if the verdict of the best row is no win. Rows with failed seeds,
  rows with settings of their own and references never lead and are never bold.
- **Not ranked.** Regions under {FEWEST} test rows, and the geometric mean, which one exact hit brings to 0.
- **Median.** Shown beside the mean where a seed lies more than {FENCE:g} interquartile ranges beyond the quartiles
  (Tukey's outer fences; inclusive quartiles) and mean and median are over {MOVED:g} deviations apart.
- **Found in {POWER:.0%} of experiments.** (t(0.975) + t({POWER})) e, the median over rows. The number of seeds that
  would separate the first two rows is the smallest S, from 2 to {MOST_SEEDS:,}, at which this is no more than the
  difference of the best row to the row nearest to it, with s shrinking as 1 / sqrt(S) and r as it is.

## Across boards

Boards of one dataset (its variants) count as one: their ranks are averaged first. Ranks are of the mean over seeds of
the first metric over all test rows, 1 for the best, ties at their mean, among the methods that are whole on every
board. The interval draws datasets with replacement and, for each board, seeds: {across.RESAMPLES:,} times from
{_DRAWS}, first `randint(0, datasets, ({across.RESAMPLES}, datasets))`, then for each board, by name,
`randint(0, seeds, ({across.RESAMPLES}, seeds))`; percentiles 2.5 and 97.5, interpolated linearly. Friedman's test and
the quantile of Nemenyi's critical difference are scipy's (`friedmanchisquare`; `studentized_range` with infinite
degrees of freedom, over sqrt(2), times sqrt(k (k + 1) / (6 n)) for k methods and n datasets).

## Against the papers

Within 2 sd: our mean lies within two of the paper's deviations, which says little of means. Welch p: two-sided, from
both means, deviations and numbers of runs, where the paper prints a deviation and the number of runs.
"""
