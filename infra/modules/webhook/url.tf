# The Function URL takes requests of anybody: the function itself verifies their signatures.
resource "aws_lambda_function_url" "this" {
  count = local.is_twin ? 0 : 1

  function_name      = module.function.function_name
  qualifier          = module.function.alias_name
  authorization_type = "NONE"
  invoke_mode        = "BUFFERED"
}

resource "aws_lambda_permission" "url" {
  count = local.is_twin ? 0 : 1

  statement_id           = "FunctionUrl"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = module.function.function_name
  qualifier              = module.function.alias_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# Required of Function URLs since October 2025 (docs.aws.amazon.com/lambda/latest/dg/urls-auth.html). Without invoked_via_function_url any account could invoke
# the function directly, with an event of its own making (a migration, a schedule).
resource "aws_lambda_permission" "url_invoke" {
  count = local.is_twin ? 0 : 1

  statement_id             = "FunctionUrlInvoke"
  action                   = "lambda:InvokeFunction"
  function_name            = module.function.function_name
  qualifier                = module.function.alias_name
  principal                = "*"
  invoked_via_function_url = true
}
