"""A small DynamoDB for aws_server.py: four operations on tables in memory, strict about requests.

Tables are {name: {"key": [attribute, ...], "items": [item, ...]}}. Requests are checked against
botocore's model before. Expressions: = <> < <= > >=, AND, OR, NOT, parentheses, attribute_exists,
attribute_not_exists, begins_with; SET with + - and if_not_exists, REMOVE, ADD of numbers. Reserved
words, and names and values that an expression does not use, are refused, as by DynamoDB.
"""

import base64
import decimal
import re

CONTEXT = decimal.Context(prec=38, traps=[decimal.Inexact, decimal.InvalidOperation])
MAX_ITEM_BYTES = 400 * 1024
# Of DynamoDB's list, what a table of ours is likely to use.
RESERVED = set("""COUNT DATA DATE DAY DURATION EXISTS GROUP HASH HOUR INDEX ITEM ITEMS KEY KEYS LEVEL
    LIMIT LIST LOCK LOCKS MAP MESSAGE MODE NAME NAMES NUMBER ORDER OWNER PATH PERIOD POSITION RANGE
    RECORD REQUEST RESULT ROLE SECTION SET SIZE SOURCE START STATE STATUS STREAM STRING TABLE TIME
    TIMESTAMP TOKEN TOTAL TRANSACTION TTL TYPE USER USERS UUID VALUE VALUES VERSION VIEWS YEAR
    """.split())
TOKEN = re.compile(r"\s*(#\w+|:\w+|[A-Za-z_]\w*|<>|<=|>=|[=<>(),+\-])")


class Invalid(Exception):
    """A ValidationException."""


class ConditionFailed(Exception):
    def __init__(self, item):
        super().__init__()
        self.item = item


def number(text):
    if not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        raise Invalid("The parameter cannot be converted to a numeric value")
    try:
        return CONTEXT.create_decimal(text)
    except decimal.Inexact:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")


def stored(value):
    """A value as DynamoDB keeps it: numbers without needless digits."""
    (kind, content), = value.items()
    if kind == "N":
        return {"N": format(CONTEXT.normalize(number(content)), "f")}
    if kind == "B":
        return {"B": base64.b64encode(base64.b64decode(content, validate=True)).decode()}
    return value


def size(item):
    return sum(len(name.encode()) + len(str(*value.values()).encode())
               for name, value in item.items())


class Expression:
    """One request's expressions; counts which names and values they use."""

    def __init__(self, params):
        self.names = params.get("ExpressionAttributeNames", {})
        self.values = params.get("ExpressionAttributeValues", {})
        self.used = set()

    def check_all_used(self):
        for name in list(self.names) + list(self.values):
            if name not in self.used:
                raise Invalid("Value provided in expression attributes unused: " + name)

    # -------------------------------------------------------------- reading

    def begin(self, text):
        self.tokens, at = [], 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise Invalid("Syntax error near " + text[at:])
            self.tokens.append(match.group(1))
            at = match.end()
        if not self.tokens:
            raise Invalid("The expression can not be empty")

    def peek(self):
        return self.tokens[0] if self.tokens else ""

    def take(self, *expected):
        token = self.tokens.pop(0) if self.tokens else ""
        if expected and token.upper() not in expected:
            raise Invalid("Syntax error; token: " + token)
        return token

    def is_next(self, word):
        return self.peek().upper() == word

    def path(self):
        token = self.take()
        if token.startswith("#"):
            self.used.add(token)
            if token not in self.names:
                raise Invalid("An expression attribute name used in expression is not defined")
            return self.names[token]
        if not re.fullmatch(r"[A-Za-z_]\w*", token) or token.upper() in RESERVED:
            raise Invalid("Attribute name is a reserved keyword; reserved keyword: " + token)
        return token

    def value(self):
        token = self.take()
        self.used.add(token)
        if token not in self.values:
            raise Invalid("An expression attribute value used in expression is not defined")
        return stored(self.values[token])

    # -------------------------------------------------------------- conditions

    def condition(self, text, item):
        self.begin(text)
        result = self.any_of(item)
        if self.tokens:
            raise Invalid("Syntax error; token: " + self.peek())
        return result

    def any_of(self, item):
        result = self.all_of(item)
        while self.is_next("OR"):
            self.take()
            result = self.all_of(item) or result
        return result

    def all_of(self, item):
        result = self.term(item)
        while self.is_next("AND"):
            self.take()
            result = self.term(item) and result
        return result

    def term(self, item):
        if self.is_next("NOT"):
            self.take()
            return not self.term(item)
        if self.peek() == "(":
            self.take()
            result = self.any_of(item)
            self.take(")")
            return result
        if len(self.tokens) > 1 and self.tokens[1] == "(":
            return self.function(item)
        left = self.operand(item)
        operator = self.take("=", "<>", "<", "<=", ">", ">=")
        right = self.operand(item)
        return self.compare(left, operator, right)

    def function(self, item):
        name = self.take()
        self.take("(")
        path = self.path()
        if name == "attribute_exists":
            result = path in item
        elif name == "attribute_not_exists":
            result = path not in item
        elif name == "begins_with":
            self.take(",")
            start = self.value()
            result = item.get(path, {}).get("S", "\0").startswith(start["S"])
        else:
            raise Invalid("Invalid function name; function: " + name)
        self.take(")")
        return result

    def operand(self, item):
        return self.value() if self.peek().startswith(":") else item.get(self.path())

    @staticmethod
    def compare(left, operator, right):
        if left is None or right is None:
            return operator == "<>"
        (left_kind, left), = left.items()
        (right_kind, right), = right.items()
        if left_kind != right_kind:
            return operator == "<>"
        if left_kind == "N":
            left, right = number(left), number(right)
        if left_kind == "B":
            left, right = base64.b64decode(left), base64.b64decode(right)
        if left_kind in ("BOOL", "NULL") and operator not in ("=", "<>"):
            raise Invalid("Incorrect operand type for operator: " + operator)
        return {"=": left == right, "<>": left != right, "<": left < right, "<=": left <= right,
                ">": left > right, ">=": left >= right}[operator]

    # -------------------------------------------------------------- updates

    def update(self, text, old):
        self.begin(text)
        new, clauses = dict(old), set()
        while self.tokens:
            clause = self.take("SET", "REMOVE", "ADD").upper()
            if clause in clauses:
                raise Invalid("The \"%s\" section can only be used once" % clause)
            clauses.add(clause)
            while True:
                getattr(self, "update_" + clause.lower())(old, new)
                if self.peek() != ",":
                    break
                self.take()
        return new

    def update_set(self, old, new):
        path = self.path()
        self.take("=")
        result = self.set_operand(old)
        if self.peek() in ("+", "-"):
            sign = self.take()
            other = self.set_operand(old)
            if "N" not in result or "N" not in other:
                raise Invalid("Incorrect operand type for operator: " + sign)
            change = CONTEXT.add if sign == "+" else CONTEXT.subtract
            result = stored({"N": str(change(number(result["N"]), number(other["N"])))})
        new[path] = result

    def set_operand(self, old):
        if self.peek().startswith(":"):
            return self.value()
        if self.is_next("IF_NOT_EXISTS"):
            self.take()
            self.take("(")
            path = self.path()
            self.take(",")
            default = self.set_operand(old)
            self.take(")")
            return old.get(path, default)
        path = self.path()
        if path not in old:
            raise Invalid("The provided expression refers to an attribute that does not exist")
        return old[path]

    def update_remove(self, old, new):
        new.pop(self.path(), None)

    def update_add(self, old, new):
        path, amount = self.path(), self.value()
        if "N" not in amount:
            raise Invalid("Incorrect operand type for operator: ADD")
        before = number(old.get(path, {"N": "0"})["N"])
        new[path] = stored({"N": str(CONTEXT.add(before, number(amount["N"])))})


class Request:
    def __init__(self, table, params):
        self.table, self.params = table, params
        self.expression = Expression(params)
        attributes = params.get("Item", params.get("Key"))
        self.attributes = {name: stored(value) for name, value in attributes.items()}
        for name in table["key"]:
            value = self.attributes.get(name, {})
            if not any(value.get(kind) for kind in "SNB"):
                raise Invalid("One or more parameter values were invalid: Missing the key " + name)
        if "Key" in params and set(params["Key"]) != set(table["key"]):
            raise Invalid("The provided key element does not match the schema")
        self.old = next((item for item in table["items"] if self.is_same(item)), None)

    def is_same(self, item):
        return all(item[name] == self.attributes[name] for name in self.table["key"])

    def check(self):
        text = self.params.get("ConditionExpression")
        holds = text is None or self.expression.condition(text, self.old or {})
        self.expression.check_all_used()
        if not holds:
            shown = self.params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
            raise ConditionFailed(self.old if shown else None)

    def replace(self, new):
        if new is not None and size(new) > MAX_ITEM_BYTES:
            raise Invalid("Item size has exceeded the maximum allowed size")
        if self.old is not None:
            self.table["items"].remove(self.old)
        if new is not None:
            self.table["items"].append(new)

    def result(self, new):
        wanted = self.params.get("ReturnValues", "NONE")
        shown = {"ALL_OLD": self.old, "ALL_NEW": new, "NONE": None}[wanted]
        return {"Attributes": shown} if shown else {}

    def PutItem(self):
        self.check()
        self.replace(self.attributes)
        return self.result(None)

    def DeleteItem(self):
        self.check()
        self.replace(None)
        return self.result(None)

    def UpdateItem(self):
        text = self.params.get("UpdateExpression")
        before = self.old if self.old is not None else {}
        base = {**self.attributes, **before}
        new = self.expression.update(text, base) if text is not None else base
        if any(new.get(name) != base[name] for name in self.table["key"]):
            raise Invalid("Cannot update attribute. This attribute is part of the key")
        self.check()
        self.replace(new)
        return self.result(new)

    def GetItem(self):
        text = self.params.get("ProjectionExpression")
        item = self.old
        if text is not None:
            self.expression.begin(text)
            names = [self.expression.path()]
            while self.expression.peek():
                self.expression.take(",")
                names.append(self.expression.path())
            item = item and {name: item[name] for name in names if name in item}
        self.expression.check_all_used()
        return {"Item": item} if item is not None else {}


def run(tables, operation, params):
    """The result of an operation; None: no such table."""
    table = tables.get(params["TableName"])
    return None if table is None else getattr(Request(table, params), operation)()
