"""What the author of a wrong text reads, word by word, with the caret."""

HEADER = "def train(w, g, m, lr):\n"

GOLDEN = {
    "misspelt function": (
        "    x = sqr(g)\n    return x, m",
        "line 2, column 9: `sqr` is not a function of the language; did you mean "
        "`sqrt`? One of your own has to be added, with --functions FILE.\n"
        "        x = sqr(g)\n"
        "            ^",
    ),
    "unknown function in a nested expression": (
        "    x = g * (m + zeros(g))\n    return x, m",
        "line 2, column 18: `zeros` is not a function of the language; the functions",
    ),
    "missing variable": (
        "    momentum = g\n    x = sqrt(momentm)\n    return x, m",
        "line 3, column 14: nothing is stored in `momentm` before it is read here; did "
        "you mean `momentum`?\n"
        "        x = sqrt(momentm)\n"
        "                 ^",
    ),
    "missing variable like no other": (
        "    x = g * variance\n    return x, m",
        "line 2, column 13: nothing is stored in `variance` before it is read here; "
        "store into it on a line before, or use one of `w`, `g`, `m`, `lr`.\n"
        "        x = g * variance\n"
        "                ^",
    ),
    "a variable copied before it is stored": (
        "    x = y\n    y = g\n    return y, m",
        "line 2, column 9: nothing is stored in `y` before it is read here",
    ),
    "Scalar where a Tree is due": (
        "    x = dot(g, lr)\n    return g, m",
        "line 2, column 16: `dot` takes a Tree for its argument `y`, but `lr` is a "
        "Scalar; give a variable of the model's shape, such as `g`, or make one: "
        "`lr * g`.\n"
        "        x = dot(g, lr)\n"
        "                   ^",
    ),
    "columns that do not fit": (
        "    x = col_mean(g)\n    y = col_mean(transpose(g))\n    m = x + y\n"
        "    return g, m",
        "line 4, column 9: the columns of the arguments of `add` do not fit: `x` is "
        "(1, c) and `y` is (1, r); the columns must be equal, or 1.\n"
        "        m = x + y\n"
        "            ^",
    ),
    "matrices that do not fit": (
        "    x = matmul(g, m)\n    return g, m",
        "line 2, column 9: the arguments of `matmul` do not fit: `g` is (r, c) and `m` "
        "is (r, c); x must have as many columns as y has rows; `transpose` turns rows "
        "into columns.\n"
        "        x = matmul(g, m)\n"
        "            ^",
    ),
    "no square where one is due": (
        "    x = inverse_root(g, 4.0)\n    return g, m",
        "line 2, column 22: `inverse_root` takes a square matrix for its argument `x`, "
        "but `g` is a Tree; no variable here is a square matrix; make one on a line "
        "before.",
    ),
    "Tree where a Scalar is due": (
        "    x = interp(g, m, m)\n    return x, m",
        "line 2, column 22: `interp` takes a Scalar for its argument `a`, but `m` is a "
        "Tree; give a constant or a variable that holds a Scalar, such as `lr`; "
        "`global_norm` makes a Scalar of a Tree.\n"
        "        x = interp(g, m, m)\n"
        "                         ^",
    ),
    "too few arguments": (
        "    x = max(g)\n    return x, m",
        "line 2, column 9: `maximum` takes 2 arguments, but 1 is given; write "
        "`maximum(x, y)`.\n"
        "        x = max(g)\n"
        "            ^",
    ),
    "no return": (
        "    x = g * lr\n",
        "line 2, column 15: the program has no return; end it with `return update, "
        "m`.\n"
        "        x = g * lr\n"
        "                  ^",
    ),
    "too few values returned": (
        "    update = g * lr\n    return update\n",
        "line 3, column 12: the header has 1 state, so 2 values must be returned, but "
        "1 is; write `return update, m`.\n"
        "        return update\n"
        "               ^",
    ),
    "a Scalar returned": (
        "    return g, lr\n",
        "line 2, column 15: the new value of `m` must be a Tree, but `lr` is a Scalar; "
        "give a variable of the model's shape, such as `g`, or make one: `lr * g`.\n"
        "        return g, lr\n"
        "                  ^",
    ),
    "a constant returned": (
        "    x = 0.5\n    return x, m\n",
        "line 3, column 12: the update must be a Tree, but `0.5` is a Scalar;",
    ),
    "a return in the middle": (
        "    return g, m\n    x = g\n",
        "line 3, column 5: the return is not the last line; delete what follows it, or "
        "move it to the end.\n"
        "        x = g\n"
        "        ^",
    ),
    "a tab as indentation": (
        "\treturn g, m",
        "line 2, column 1: a tab cannot be used; use spaces, four for the "
        "indentation.\n"
        "     return g, m\n"
        "    ^",
    ),
    "a tab in a line": (
        "    x = g\t* lr\n    return g, m",
        "line 2, column 10: a tab cannot be used; use spaces, four for the "
        "indentation.\n"
        "        x = g * lr\n"
        "             ^",
    ),
    "more indentation": (
        "    x = g\n      y = g\n    return x, m",
        "line 3, column 7: this line is indented more than the line before; indent all "
        "lines after the header alike, by four spaces.\n"
        "          y = g\n"
        "          ^",
    ),
    "less indentation": (
        "    x = g\n  # here\n  y = g\n    return x, m",
        "line 4, column 3: this line is indented less than the line before; indent all "
        "lines after the header alike, by four spaces.\n"
        "      y = g\n"
        "      ^",
    ),
    "no indentation": (
        "return g, m",
        "line 2, column 1: this line is not indented; indent it by four spaces.",
    ),
    "a parenthesis never closed": (
        "    x = sqrt(g\n    return x, m",
        "line 2, column 13: this parenthesis is never closed; add a `)` at the end of "
        "the expression.\n"
        "        x = sqrt(g\n"
        "                ^",
    ),
    "a parenthesis never opened": (
        "    x = sqrt g)\n    return x, m",
        "line 2, column 14: `sqrt` is called without a `(`; write `sqrt(g)`.",
    ),
    "a parenthesis too many": (
        "    x = (g))\n    return x, m",
        "line 2, column 12: this parenthesis closes nothing; delete it,",
    ),
    "if": (
        "    if g > 0:\n        x = g",
        "line 2, column 5: a program is straight-line, without `if`; use `maximum`, "
        "`minimum` or `sign` instead.\n"
        "        if g > 0:\n"
        "        ^",
    ),
    "for": ("    for i in g:\n", "line 2, column 5: a program is straight-line, with"),
    "while": ("    while g:\n", "line 2, column 5: a program is straight-line, with"),
    "import": (
        "    import numpy\n",
        "line 2, column 5: a program imports nothing; delete the line, its functions "
        "are built in.",
    ),
    "power": (
        "    x = g ** 2\n    return x, m",
        "line 2, column 11: `**` is not an operator of the language; write "
        "`power(x, y)`.\n"
        "        x = g ** 2\n"
        "              ^",
    ),
    "augmented assignment": (
        "    m += g\n    return g, m",
        "line 2, column 7: `+=` is not a way to store; write `m = m + ...`.\n"
        "        m += g\n"
        "          ^",
    ),
    "assignment to a call": (
        "    sqrt(g) = m\n    return g, m",
        "line 2, column 5: a call cannot be assigned to; store into a variable, as in "
        "`x = sqrt(y)`.",
    ),
    "a call that is not stored": (
        "    sqrt(g)\n    return g, m",
        "line 2, column 5: the value of this call is not stored; store it, as in "
        "`x = sqrt(y)`.",
    ),
    "attribute": (
        "    x = np.sqrt(g)\n    return x, m",
        "line 2, column 11: there are no modules or attributes; write `sqrt(x)`.\n"
        "        x = np.sqrt(g)\n"
        "              ^",
    ),
    "comparison": (
        "    x = g == m\n    return x, m",
        "line 2, column 11: there are no comparisons; use",
    ),
    "text in quotes": (
        "    x = 'g'\n    return x, m",
        "line 2, column 9: there are no strings; write comments with `#`.",
    ),
    "a letter beyond ASCII": (
        "    \u03b2 = 0.9\n    return g, m",
        "line 2, column 5: `\u03b2` is not an ASCII character; use ASCII outside "
        "comments.",
    ),
    "keyword argument": (
        "    x = interp(g, m, a=0.9)\n    return x, m",
        "line 2, column 23: arguments are given by position; delete the name and the",
    ),
    "two targets": (
        "    a, b = g\n    return g, m",
        "line 2, column 6: a statement has one target; give each",
    ),
    "no operator": (
        "    x = 2 g\n    return g, m",
        "line 2, column 11: an operator is missing here; put one of",
    ),
    "no expression": (
        "    x =\n    return g, m",
        "line 2, column 8: an expression is missing here; put a variable,",
    ),
    "a tuple returned": (
        "    return (g, m)",
        "line 2, column 14: the returned values stand in a parenthesis; write them",
    ),
    "a constant beyond float32": (
        "    x = g * -1e99\n    return x, m",
        "line 2, column 13: the constant `-1e99` is not a finite float32; use a number "
        "between -3.4028235e38 and 3.4028235e38.",
    ),
    "a word of Python as a name": (
        "    lambda = 0.9\n    return g, m",
        "line 2, column 5: `lambda` is a word of Python and cannot be a name; write",
    ),
    "a second function": (
        "    return g, m\ndef train(w, g, lr):\n    return g",
        "line 3, column 1: a program is one function, `train`; delete what is not",
    ),
    "nothing under the header": (
        "",
        "line 1, column 24: the header stands alone; add statements and a return,",
    ),
}
"""Lines after `HEADER`, and the whole error or, where it has one line, its start."""

GOLDEN_HEADERS = {
    "": "1: there is no program in this text; begin with `def train(w, g, m, lr):`",
    "# only a comment\n": "1: there is no program in this text;",
    "return g": "1: a program begins with its header; write `def train(",
    "def step(w, g, lr):": "5: the function of a program is called `train`; write",
    "def train(w, g):\n    return g": "14: the header lacks a parameter; it takes",
    "def train(w, g, step):\n    return g": "17: the header lacks a parameter;",
    "def train(w, g, step, lr):\n    return g, g": "17: `step` in this place is not "
    "what its name says; the step count, and only it, is a last parameter named",
    "def train(w, w, lr):\n    return w": "14: the header names `w` twice; give",
    "def train(w, g, lr:\n    return g": "10: this parenthesis is never closed;",
    "def train(": "10: this parenthesis is never closed;",
    **{
        header: f"{column}: this is not the shape of a state; a shape is two "
        "dimensions, each 1, r or c, as in `left: (r, r)`."
        for header, column in (
            ("def train(w, g: Tree, lr):", 17),
            ("def train(w, g, lr: Scalar):", 21),
            ("def train(w, g, m: (), lr):", 21),
            ("def train(w, g, m: (r), lr):", 22),
            ("def train(w, g, m: (r, r, r), lr):", 25),
            ("def train(w, g, m: (r r), lr):", 23),
            ("def train(w, g, m: (r, c], lr):", 25),
            ("def train(w, g, m: (-1, r), lr):", 21),
            ("def train(w, g, m: (2 * r, r), lr):", 23),
            ("def train(w, g, m: ((r), r), lr):", 21),
            ("def train(w, g, m: [r, r], lr):", 20),
            ("def train(w, g, m: 'r', lr):", 20),
            ("def train(w, g, m:, lr):", 19),
            ("def train(w, g, m (r, r), lr):", 19),
            ("def train(w, g, left: (r, r), m: r, lr):", 34),
        )
    },
    "def train(w, g, m: (r, x), lr):\n    return g, m": "24: `x` is not a dimension; "
    "write 1, r (rows of a weight array) or c (columns)",
    "def train(w, g, m:\t(r, r), lr):": "19: a tab cannot be used; use spaces",
    "def train(w: (r, c), g, lr):\n    return g": "11: `w` cannot have a shape; delete "
    "it: only states, between the gradient and lr, have one",
    "def train(w, g, lr=1):": "19: parameters have no default values; delete the",
    "def train(w, g, lr): return g": "22: the header does not end with its line;",
    " def train(w, g, lr):": "2: the first line is indented; begin at the first",
    "import jax\ndef train(w, g, lr):": "1: a program imports nothing; delete the",
}
"""Texts whose first line is wrong, and the column with what is said of it."""
