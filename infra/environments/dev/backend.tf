# The bucket is made by infra/bootstrap: terraform init -backend-config="bucket=NAME"
terraform {
  backend "s3" {
    key          = "openmarket/dev/terraform.tfstate"
    region       = "ap-northeast-2"
    encrypt      = true
    use_lockfile = true
  }
}
